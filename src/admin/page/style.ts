/** The style sheet of the status page: the browser's own fonts and colours, light or dark, and nothing to fetch. */

export const PAGE_STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.good { color: light-dark(#14692b, #6fd58a); } .bad { color: light-dark(#b3261e, #ff8a80); font-weight: 600; }
.dim { opacity: .7; }
`;
