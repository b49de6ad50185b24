// The page's style: light and dark as the reader's system has it, one column on a narrow screen.

export const style = `
:root { color-scheme: light dark; --edge: color-mix(in srgb, currentColor 18%, transparent); --back: color-mix(in srgb, currentColor 5%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; box-sizing: border-box; border-right: 1px solid var(--edge); font-size: .85rem; }
nav h1 { font-size: 1.2rem; margin: 0; }
nav h2 { font-size: .85rem; margin: 1rem 0 .2rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { text-decoration: none; }
main { padding: 1rem 2rem 4rem; max-width: 62rem; }
section { border-top: 1px solid var(--edge); padding: .5rem 0 1rem; }
h3 { font: 600 1rem ui-monospace, monospace; margin: .6rem 0 0; }
h3 b, nav b { color: #0b7a53; }
.summary { margin: .2rem 0; font-weight: 600; }
pre { background: var(--back); padding: .6rem .8rem; overflow: auto; border-radius: 6px; font: .85rem/1.45 ui-monospace, monospace; }
code { font: .9em ui-monospace, monospace; }
table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0; }
td { padding: .2rem .9rem .2rem 0; vertical-align: top; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
@media (prefers-color-scheme: dark) { h3 b, nav b { color: #4fd0a0; } }
`;
