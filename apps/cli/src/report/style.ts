/** The report's style sheet: one column on a phone, a grid on a desk, dark where the reader is. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --faint: #5c6570; --line: #d9dde2;
  --curve: #1f6feb; --band: #1f6feb26; --raw: #9a6700; --untrained: #8250df; --others: #59636e2e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --card: #181c22; --ink: #e8ebef; --faint: #9aa4af; --line: #333a43;
    --curve: #58a6ff; --band: #58a6ff33; --raw: #e3b341; --untrained: #bc8cff; --others: #8b949e40;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 24px 16px 48px; max-width: 1200px; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 40px 0 4px; }
h3 { font-size: 15px; margin: 0 0 6px; }
p { margin: 4px 0; max-width: 72ch; }
.faint, figcaption, .legend { color: var(--faint); font-size: 14px; }
.tiles, .charts { display: grid; gap: 16px; margin-top: 16px; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); }
.charts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
.charts.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); }
.tile, .chart { background: var(--card); border-radius: 8px; padding: 14px; margin: 0; }
.tile b { display: block; font-size: 26px; line-height: 1.25; }
svg { display: block; width: 100%; height: auto; font: 11px system-ui, sans-serif; }
svg text { fill: var(--faint); }
.grid { stroke: var(--line); }
.curve { fill: none; stroke: var(--curve); stroke-width: 1.8; stroke-linejoin: round; }
.band { fill: var(--band); } .reference { fill: var(--others); }
.dot { stroke: var(--card); stroke-width: 0.6; } .dot:not([fill]) { fill: var(--curve); }
.baseline { stroke-width: 1.5; stroke-dasharray: 5 4; }
.baseline.b0 { stroke: var(--raw); } .baseline.b1 { stroke: var(--untrained); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; max-width: none; }
.key::before {
  content: ''; display: inline-block; width: 14px; margin-right: 6px; vertical-align: middle;
  border-top: 2px dashed;
}
.key.own::before { border-top: 2px solid var(--curve); }
.key.b0::before { border-color: var(--raw); } .key.b1::before { border-color: var(--untrained); }
.key.area::before { border-top: 9px solid var(--others); }
.findings { padding-left: 20px; margin: 8px 0; } .findings li { margin: 6px 0; max-width: 72ch; }
.findings b { display: block; font-weight: 600; }
.sheet { margin: 12px 0; }
.sheet div { overflow-x: auto; }
.sheet img { display: block; width: 100%; min-width: 620px; max-width: 820px; height: auto; border-radius: 4px; }
summary { cursor: pointer; padding: 6px 0; }
table { border-collapse: collapse; font-size: 14px; margin-top: 8px; width: 100%; max-width: 820px; }
th, td { text-align: left; vertical-align: top; padding: 5px 12px 5px 0; border-top: 1px solid var(--line); }
th { font-weight: 500; color: var(--faint); width: 30%; }
pre { overflow-x: auto; background: var(--card); padding: 12px; border-radius: 8px; font-size: 13px; }
`;
