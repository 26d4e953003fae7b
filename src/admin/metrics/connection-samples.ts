/** Samples of connections: how many there are, what they met, and the certificate that they are shown. */

import type { AdminSource, ConnectionsView, LabelledReading, NodeCertificateView } from "../source.ts";
import type { Sample } from "./sample.ts";

const MS_PER_SECOND = 1_000;

export function connectionSamples(source: AdminSource) {
  const ofCounts = (read: (counts: ConnectionsView["counts"]) => Iterable<LabelledReading>) => () => {
    const connections = source.connections();
    return connections === undefined ? [] : read(connections.counts);
  };
  const ofCertificate = (read: (certificate: NodeCertificateView) => number) => (): Sample[] => {
    const certificate = source.nodeCertificate();
    return certificate === undefined ? [] : [{ labels: {}, value: read(certificate) }];
  };
  return {
    fairlead_dns_connections: ofCounts((counts) => counts.openNow()),
    fairlead_dns_connections_opened_total: ofCounts((counts) => counts.openedSoFar()),
    fairlead_dns_connection_limits_total: ofCounts((counts) => counts.limits()),
    fairlead_dns_connection_faults_total: ofCounts((counts) => counts.faults()),
    fairlead_dns_https_responses_total: ofCounts((counts) => counts.httpResponses()),
    fairlead_dns_connection_threads: (): Sample[] => {
      const connections = source.connections();
      return connections === undefined ? [] : [{ labels: {}, value: Number(connections.hasThread) }];
    },
    fairlead_tls_certificate_expiry_timestamp_seconds: ofCertificate(
      ({ expiresAtMs }) => expiresAtMs / MS_PER_SECOND,
    ),
    fairlead_tls_certificate_load_success: ofCertificate(({ loadSuccess }) => Number(loadSuccess)),
    fairlead_tls_certificate_load_timestamp_seconds: ofCertificate(
      ({ loadedAtMs }) => loadedAtMs / MS_PER_SECOND,
    ),
  };
}
