/** The admin's own styles, beside the common style sheet. */
import { digestOf } from "../../../oauth/digest.ts";

export const DESK_STYLE = `
.tabs{position:relative;display:flex;gap:.25rem;overflow-x:auto;margin:.75rem -1.25rem -.5rem;padding:.25rem 1rem .5rem;scrollbar-width:thin}
.tabs a{flex:none;display:flex;align-items:center;gap:.5rem;min-height:2.5rem;padding:.375rem .5rem;border-radius:.625rem;
color:var(--on);text-decoration:none;font-weight:600;font-size:.9375rem}
.tabs a[aria-current]{background:var(--on);color:var(--brand)}
.tabs a:hover{text-decoration:underline}
.desk main,.desk main.wide{max-width:60rem}
.desk .notice p+p{margin-top:.25rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.75rem;margin-top:1rem}
.tiles>*{border:1.5px solid var(--line);border-radius:var(--round);padding:.875rem 1rem;color:inherit;text-decoration:none}
.tiles a:hover{border-color:var(--text)}
.tiles b{display:block;font-size:1.625rem;line-height:1.2;letter-spacing:-.02em}
.tiles span{color:var(--soft);font-size:.9375rem}
.filters{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:1rem}
.filters a{padding:.375rem .875rem;border:1.5px solid var(--field);border-radius:2rem;color:inherit;text-decoration:none;font-size:.9375rem;min-height:2.25rem}
.filters a[aria-current]{background:var(--fill);color:var(--on);border-color:transparent}
.find{display:flex;gap:.5rem;margin-top:1.25rem}.find .field{flex:1;margin:0}.find button{flex:none;align-self:flex-end}
.tag{display:inline-block;border-radius:.5rem;padding:.0625rem .5rem;font-size:.8125rem;font-weight:600;background:var(--ground);color:var(--text);border:1px solid var(--line)}
.tag.bad{background:var(--bad-ground);color:var(--bad);border-color:transparent}
.acts{display:grid;gap:.75rem;margin-top:1rem}.acts details{border:1.5px solid var(--line);border-radius:var(--round);padding:.5rem 1.125rem;margin:0}
.acts details[open]{padding-bottom:1.125rem}.acts summary{font-weight:600;min-height:2rem}
.acts form{margin-top:.75rem}
.log{list-style:none;margin-top:.75rem;font-size:.9375rem}.log li{padding:.5rem 0;overflow-wrap:anywhere}.log li+li{border-top:1px solid var(--line)}
.log .at{color:var(--soft)}
.desk .rows:empty{display:none}.several>*{padding:0 0 0 1rem}.several input{width:1.375rem;height:1.375rem;flex:none;accent-color:var(--fill)}
.several a{flex:1;min-width:0;display:flex;align-items:center;gap:.75rem;padding:.75rem 1rem .75rem 0;color:inherit;text-decoration:none}.several a:hover{background:var(--ground)}
.inline select{flex:1 1 10rem;width:auto;min-height:2.5rem;padding-block:.25rem}
.rows .tag{margin-left:.375rem}.rows .face{width:2.5rem;height:2.5rem;font-size:1rem}
.queue b{margin-right:.5rem}.queue .tag{margin:0 .375rem 0 0}.excerpt{display:block;overflow-wrap:anywhere}
.meant{border-color:var(--accent)}.said-so{white-space:pre-wrap;overflow-wrap:anywhere;margin-top:.375rem}
.veil{margin-top:.75rem}.veil label{font-weight:500;display:flex;gap:.5rem;align-items:center}.veil input{width:1.25rem;height:1.25rem;accent-color:var(--fill);flex:none}
.veil>div{overflow:hidden;border-radius:.625rem;max-width:24rem;background:var(--ground);min-height:4rem}
.veil img{display:block;max-width:100%;max-height:24rem;filter:blur(2rem)}.veil:has(:checked) img{filter:none}
.decide button{flex:1 1 9rem}fieldset{border:0;padding:0;margin:0}legend{font-weight:600;font-size:.9375rem;padding:0;margin-bottom:.5rem}
.check input[type=radio]{width:1.375rem;height:1.375rem}fieldset+.field{margin-top:1.125rem}
.qr{background:#fff;border-radius:var(--round);padding:.5rem;width:min(100%,18rem);margin-top:1.25rem}.qr svg{width:100%;height:auto}
.tree{list-style:none;margin-top:.5rem}.tree .tree{margin-left:1.25rem;border-left:2px solid var(--line);padding-left:.875rem}.tree li{padding:.25rem 0}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr));gap:1rem;margin-top:1.25rem}.plots .card{margin:0}
.plots figcaption{color:var(--soft)}.plots figcaption b{display:block;color:var(--text);font-size:1.375rem}
.plots svg{width:100%;height:6rem;margin-top:.5rem;overflow:visible}.plots polyline{fill:none;stroke:var(--accent);stroke-width:2;vector-effect:non-scaling-stroke}
.plots polygon{fill:var(--accent);fill-opacity:.12}.find{flex-wrap:wrap}.find .field{flex:1 1 12rem}
.uses{list-style:none;margin-top:1rem;display:grid;gap:1rem 1.5rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr))}
.uses li{display:grid;gap:.125rem;align-content:start}.uses .at{color:var(--soft);font-size:.875rem}.now{font-size:1.25rem;letter-spacing:-.01em}
.bar{width:100%;height:.5rem;border-radius:.25rem;margin:.25rem 0}.bar rect{fill:var(--accent)}.bar.bad rect{fill:var(--bad)}.bar .all,.bar.bad .all{fill:var(--line)}
.keys{margin-top:2rem}kbd{font:600 .875em ui-monospace,monospace;border:1px solid var(--field);border-radius:.3rem;padding:.125rem .5rem}
.notice .inline{margin:0;align-items:center;flex:1}
.all-pages{margin-top:3rem;padding-top:1.25rem;border-top:1px solid var(--line);scroll-margin-top:1rem}
.inline>input[type=checkbox]{width:1.375rem;height:1.375rem;flex:none;margin:.0625rem 0;accent-color:var(--fill)}.inline>h2{flex:1;min-width:0;overflow-wrap:anywhere}
progress{display:block;width:100%;max-width:20rem;accent-color:var(--fill)}
@media (max-width:59.99rem){.tabs [aria-current],.tabs .more{order:-1}}
.plain-list{display:grid;gap:.625rem;margin-top:.75rem;padding-left:1.25rem}
@media (max-width:30rem){.several time{display:none}}
@media (min-width:48rem){.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 2rem;align-items:start}}
@media (min-width:60rem){
.tabs .more,.all-pages{display:none}
body.desk{grid-template-columns:15rem 1fr}
.desk .shore{padding:1.5rem 1.25rem;overflow-y:auto}
.tabs{flex-direction:column;margin:1.5rem -.5rem 0;padding:0}.tabs a{padding-inline:.75rem}
.desk main,.desk main.wide{padding:2.5rem 2.5rem 3rem;margin:0}
}
`;

/** Contains a hash of the sheet, so that browsers can cache it for ever. */
export const DESK_STYLE_PATH = `/admin/style.${digestOf(DESK_STYLE).slice(0, 12)}.css`;
