/**
 * Where a country or one of its subdivisions stands when that is all that is known: the middle of its land, in degrees to
 * one decimal. Land further than 1,500 km from the largest piece does not count (Alaska, French Guiana): it would move the
 * middle to where nobody lives. Worked out from the public-domain outlines of Natural Earth and of the US Census Bureau, where
 * these have them. They have none by themselves of RE YT BV CC CX SJ BQ GP MQ TK GF, and none of the provinces of Canada were
 * used: those are from general knowledge, and right to about a degree.
 *
 * `policy/nearest` puts clients and pools at these; the countries are those of `geo/country`.
 */

import { type Coordinates, NOWHERE, type Place } from "./client.ts";
import { continentOf } from "./country.ts";

const COUNTRIES =
  "AD:42.5,1.6 AE:23.9,54.3 AF:33.8,65.9 AG:17.3,-61.8 AI:18.2,-63.1 AL:41.1,20.1 AM:40.3,44.9 " +
  "AO:-12.3,17.5 AQ:-84.7,83.1 AR:-34.5,-64.7 AS:-14.3,-170.4 AT:47.6,14.1 AU:-25.6,134.2 AW:12.5,-70 " +
  "AX:60.2,20.1 AZ:40.3,47.5 BA:44.2,17.8 BB:13.2,-59.6 BD:23.8,90.3 BE:50.6,4.6 BF:12.3,-1.8 " +
  "BG:42.8,25.2 BH:26.1,50.5 BI:-3.4,29.9 BJ:9.6,2.3 BL:17.9,-62.8 BM:32.3,-64.8 BN:4.5,114.7 " +
  "BO:-16.7,-64.7 BQ:12.2,-68.3 BR:-10.6,-53.2 BS:24.2,-76.5 BT:27.4,90.4 BV:-54.4,3.4 BW:-22.2,23.8 " +
  "BY:53.5,28 BZ:17.2,-88.7 CA:59,-99.1 CC:-12.2,96.8 CD:-2.9,23.6 CF:6.6,20.5 CG:-0.8,15.2 CH:46.8,8.2 " +
  "CI:7.6,-5.6 CK:-19.8,-158.8 CL:-34.4,-71 CM:5.7,12.7 CN:36.8,103.4 CO:3.9,-73.1 CR:10,-84.2 " +
  "CU:21.6,-79 CV:15.9,-24 CW:12.2,-69 CX:-10.5,105.7 CY:34.9,33 CZ:49.7,15.3 DE:51.1,10.4 DJ:11.7,42.6 " +
  "DK:56,10.1 DM:15.4,-61.4 DO:18.9,-70.5 DZ:28,2.7 EC:-1.4,-78.8 EE:58.7,25.5 EG:26.5,29.9 " +
  "EH:24.2,-12.3 ER:15.4,38.9 ES:40.4,-3.5 ET:8.6,39.6 FI:64.3,26.2 FJ:-17.4,178.5 FK:-51.7,-59.4 " +
  "FM:6.5,158.3 FO:62.1,-6.9 FR:46.5,2.6 GA:-0.6,11.8 GB:54,-2.8 GD:12.2,-61.7 GE:42.2,43.5 GF:4,-53.1 " +
  "GG:49.5,-2.5 GH:7.9,-1.2 GI:36.1,-5.3 GL:73.1,-41.8 GM:13.5,-15.4 GN:10.4,-10.9 GP:16.2,-61.6 " +
  "GQ:1.7,10.3 GR:39,23 GS:-54.7,-36 GT:15.7,-90.4 GU:13.4,144.8 GW:12,-15 GY:4.8,-59 HK:22.4,114.1 " +
  "HM:-53.1,73.5 HN:14.8,-86.6 HR:45.1,16.4 HT:18.9,-72.7 HU:47.2,19.4 ID:-1.6,110.9 IE:53.2,-8.2 " +
  "IL:31.4,35 IM:54.2,-4.5 IN:22.8,79.5 IO:-7.1,72.3 IQ:33,43.8 IR:32.5,54.4 IS:65,-18.6 IT:42.7,12.2 " +
  "JE:49.2,-2.1 JM:18.2,-77.3 JO:31.2,36.8 JP:37.4,137.6 KE:0.6,37.8 KG:41.5,74.5 KH:12.7,104.9 " +
  "KI:1.7,-157.5 KM:-11.9,43.7 KN:17.3,-62.7 KP:40.1,127.2 KR:36.4,127.8 KW:29.3,47.6 KY:19.4,-80.9 " +
  "KZ:48.4,67.3 LA:18.5,103.8 LB:33.9,35.9 LC:13.9,-61 LI:47.1,9.5 LK:7.6,80.7 LR:6.5,-9.3 " +
  "LS:-29.6,28.2 LT:55.3,23.9 LU:49.8,6.1 LV:56.9,24.9 LY:27,18.1 MA:29.8,-8.7 MC:43.7,7.4 MD:47.2,28.5 " +
  "ME:42.8,19.2 MF:18.1,-63.1 MG:-19.3,46.7 MH:7.1,170.1 MK:41.6,21.7 ML:17.3,-3.6 MM:21.1,96.5 " +
  "MN:47,103.1 MO:22.2,113.6 MP:16.2,145.6 MQ:14.7,-61 MR:20.2,-10.4 MS:16.7,-62.2 MT:35.9,14.4 " +
  "MU:-20.2,57.9 MV:3.8,73.3 MW:-13.2,34.3 MX:23.9,-102.2 MY:3.8,109.7 MZ:-17.2,35.6 NA:-22.1,17.2 " +
  "NC:-21.3,165.7 NE:17.4,9.3 NF:-29,168 NG:9.6,8.1 NI:12.8,-85 NL:52.3,5.6 NO:64,12.3 NP:28.3,83.9 " +
  "NR:-0.5,166.9 NU:-19,-169.9 NZ:-41.7,172.9 OM:20.6,56.1 PA:8.5,-80.1 PE:-9.1,-74.4 PF:-15.1,-145 " +
  "PG:-6.5,145.2 PH:11.7,122.9 PK:29.9,69.2 PL:52.1,19.4 PM:46.9,-56.3 PN:-24.4,-128.5 PR:18.2,-66.5 " +
  "PS:31.9,35.2 PT:39.6,-8.1 PW:7.2,134.3 PY:-23.2,-58.4 QA:25.3,51.2 RE:-21.1,55.5 RO:45.8,25 " +
  "RS:44.2,20.8 RU:65.8,95.1 RW:-2,29.9 SA:24.1,44.7 SB:-8.9,159.6 SC:-6.5,52.1 SD:16,29.9 SE:62.4,16.3 " +
  "SG:1.4,103.8 SH:-12.7,-9.4 SI:46.1,14.8 SJ:78.7,17 SK:48.7,19.5 SL:8.6,-11.8 SM:43.9,12.4 " +
  "SN:14.4,-14.5 SO:4.7,45.7 SR:4.1,-55.9 SS:7.3,30.3 ST:0.4,6.7 SV:13.7,-88.9 SX:18,-63.1 SY:35,38.5 " +
  "SZ:-26.6,31.5 TC:21.8,-71.9 TD:15.3,18.6 TF:-49.2,69 TG:8.5,1 TH:15.1,101 TJ:38.5,71 TK:-9.2,-171.8 " +
  "TL:-8.8,125.9 TM:39.1,59.5 TN:34.1,9.6 TO:-20.1,-174.9 TR:39.1,35.2 TT:10.5,-61.3 TV:-7.8,178.5 " +
  "TW:23.7,120.9 TZ:-6.3,34.8 UA:49.2,31.3 UG:1.3,32.4 UM:6.6,-162.9 US:39.9,-98.8 UY:-32.8,-56 " +
  "UZ:41.8,63.3 VA:41.9,12.5 VC:13.2,-61.2 VE:7.1,-66.2 VG:18.5,-64.5 VI:18,-64.8 VN:16.5,106.3 " +
  "VU:-16.2,167.7 WF:-13.7,-177.1 WS:-13.8,-172.2 YE:15.9,47.6 YT:-12.8,45.2 ZA:-29,25.2 ZM:-13.5,27.8 " +
  "ZW:-19,29.9";

/** Of the United States and of Canada, ISO 3166-2; elsewhere a subdivision stands where its country does. */
const SUBDIVISIONS: Readonly<Record<string, string>> = {
  US:
    "AK:64,-152.2 AL:32.8,-86.8 AR:34.9,-92.4 AZ:34.3,-111.7 CA:37.2,-119.5 CO:39,-105.5 CT:41.6,-72.7 " +
    "DC:38.9,-77 DE:39,-75.5 FL:28.6,-82.5 GA:32.6,-83.4 HI:20.3,-156.3 IA:42.1,-93.5 ID:44.4,-114.6 " +
    "IL:40,-89.2 IN:39.9,-86.3 KS:38.5,-98.4 KY:37.5,-85.3 LA:31,-92 MA:42.3,-71.8 MD:39,-76.8 " +
    "ME:45.3,-69.2 MI:44.3,-85.4 MN:46.3,-94.3 MO:38.4,-92.5 MS:32.7,-89.7 MT:47.1,-109.6 NC:35.6,-79.4 " +
    "ND:47.5,-100.5 NE:41.5,-99.8 NH:43.7,-71.6 NJ:40.2,-74.7 NM:34.4,-106.1 NV:39.3,-116.6 NY:42.9,-75.5 " +
    "OH:40.3,-82.8 OK:35.6,-97.5 OR:43.9,-120.6 PA:40.9,-77.8 RI:41.7,-71.6 SC:33.9,-80.9 SD:44.4,-100.2 " +
    "TN:35.9,-86.4 TX:31.5,-99.3 UT:39.3,-111.7 VA:37.5,-78.8 VT:44.1,-72.7 WA:47.4,-120.5 WI:44.6,-90 " +
    "WV:38.6,-80.6 WY:43,-107.6",
  CA:
    "AB:55,-114.5 BC:54.8,-124.8 MB:54.9,-97.4 NB:46.6,-66.4 NL:52.8,-60.5 NS:45.1,-63.2 NT:65.8,-119.5 " +
    "NU:70.4,-90.7 ON:50.4,-86 PE:46.4,-63.2 QC:53.4,-71.8 SK:54.4,-105.9 YT:63.6,-135.5",
};

const countryCentroids = readCentroids(COUNTRIES);
const subdivisionCentroids = new Map(
  Object.entries(SUBDIVISIONS).map(([country, list]) => [country, readCentroids(list)]),
);

/** The middle of the subdivision where it is known, else of the country; `undefined` for a country that is none. */
export function centroidOf(country: string, subdivision: string | undefined): Coordinates | undefined {
  const ofSubdivision =
    subdivision === undefined ? undefined : subdivisionCentroids.get(country)?.get(subdivision);
  return ofSubdivision ?? countryCentroids.get(country);
}

/** Every country, and every subdivision that has a middle of its own. */
export function knownPlaces(): Place[] {
  const ofCountry = (country: string, subdivision: string | undefined): Place => ({
    ...NOWHERE,
    country,
    subdivision,
    continent: continentOf(country),
  });
  const countries = Array.from(countryCentroids.keys(), (country) => ofCountry(country, undefined));
  const subdivisions = Array.from(subdivisionCentroids, ([country, list]) =>
    Array.from(list.keys(), (subdivision) => ofCountry(country, subdivision)),
  );
  return [...countries, ...subdivisions.flat()];
}

/** From `DE:51.1,10.4 FR:…`. */
function readCentroids(list: string): Map<string, Coordinates> {
  return new Map(
    list.split(" ").map((word) => {
      const [code = "", pair = ""] = word.split(":");
      const [latitude = 0, longitude = 0] = pair.split(",").map(Number);
      return [code, { latitude, longitude }];
    }),
  );
}
