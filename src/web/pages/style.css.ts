/**
 * The only style sheet. The page sets the community's colours as `--brand` and related variables
 * (`layout.tsx`).
 */
export const STYLE = `
*,*::before,*::after{box-sizing:border-box}
:root{color-scheme:light dark;--paper:#fff;--ground:#f5f7f8;--text:#16202a;--soft:#55626e;--line:#d5dce1;--field:#76838e;
--bad:#b3261e;--bad-ground:#fdeceb;--good:#146c43;--good-ground:#e7f5ec;--accent:var(--ink);--fill:var(--brand);--round:.875rem}
@media (prefers-color-scheme:dark){:root{--paper:#14181f;--ground:#0d1015;--text:#eaeef2;--soft:#a5b0ba;--line:#2b333d;
--field:#7b8894;--bad:#ffb4ab;--bad-ground:#3a1614;--good:#8fd9ae;--good-ground:#10301f;--accent:var(--night);--fill:var(--lit)}}
html{font:100%/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
-webkit-text-size-adjust:100%}
body{margin:0;color:var(--text);background:var(--paper);min-height:100vh;min-height:100dvh;display:flex;flex-direction:column}
h1,h2,h3,p,ul,ol,dl,dd,figure{margin:0;padding:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.02em;font-weight:680;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.0625rem;line-height:1.35;font-weight:640}
a{color:var(--accent);text-underline-offset:.18em;text-decoration-thickness:.08em}
a:hover{text-decoration-thickness:.14em}
strong{font-weight:640;overflow-wrap:anywhere}
code{font:.9em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
svg{display:block;flex:none}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:.35rem}
.skip{position:absolute;inset-inline-start:-99rem}.skip:focus{inset-inline-start:1rem;top:1rem;z-index:2;background:var(--paper);padding:.5rem 1rem}
.shore{position:relative;overflow:hidden;color:#fff;background:linear-gradient(160deg,var(--brand),var(--end));
padding:1.125rem 1.25rem}
.shore .sea{position:absolute;inset:0;width:100%;height:100%;opacity:.9}
.name{position:relative;display:flex;align-items:center;gap:.75rem;color:var(--on);text-decoration:none;font-weight:660;
font-size:1.0625rem;letter-spacing:-.005em;overflow-wrap:anywhere}
.shore :focus-visible{outline-color:var(--on)}
.mark{width:2.25rem;height:2.25rem;object-fit:cover;border-radius:.5rem}
.logo{display:block;width:4.5rem;height:4.5rem;object-fit:cover;border-radius:var(--round);margin-bottom:.75rem}
input[type=file]{width:100%;min-height:3rem;padding:.5rem 0;font:inherit;color:inherit}
.shore .said{display:none}
main{flex:1;width:100%;max-width:30rem;margin:0 auto;padding:2rem 1.25rem 2.5rem}
main.wide{max-width:44rem}
footer .links{justify-content:center;margin-top:.5rem}
footer{padding:1rem 1.25rem 1.5rem;color:var(--soft);font-size:.875rem;text-align:center}
.lead{color:var(--soft);margin-top:.6rem;text-wrap:pretty}
.stack>*+*{margin-top:1.25rem}
.tight>*+*{margin-top:.5rem}
form{margin-top:1.75rem}
.field+.field,.field+.check,.check+.check{margin-top:1.125rem}
label{display:block;font-weight:600;font-size:.9375rem;margin-bottom:.375rem}
input[type=text],input[type=password],input[type=email],input[type=number],textarea,select{width:100%;min-height:3rem;padding:.625rem .875rem;font:inherit;
color:inherit;background:var(--paper);border:1.5px solid var(--field);border-radius:.625rem;appearance:none}
select{padding-right:2.25rem;background-image:linear-gradient(45deg,transparent 50%,var(--soft) 50%),linear-gradient(-45deg,transparent 50%,var(--soft) 50%);
background-size:.4rem .4rem;background-position:right 1.25rem center,right .85rem center;background-repeat:no-repeat}
input:hover,textarea:hover,select:hover{border-color:var(--text)}
input:focus-visible,textarea:focus-visible,select:focus-visible{outline:3px solid var(--accent);outline-offset:1px;border-color:var(--accent);border-radius:.625rem}
input[aria-invalid=true],textarea[aria-invalid=true]{border-color:var(--bad)}
.code{font:600 1.25rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.12em;text-transform:uppercase}
.hint{color:var(--soft);font-size:.875rem;margin-top:.375rem;text-wrap:pretty}
.wrong{color:var(--bad);font-size:.875rem;font-weight:600;margin-top:.375rem}
.joined{display:flex;gap:.5rem}.joined>*{flex:1 1 55%;min-width:0}.joined>.tail{flex:1 1 45%}
.joined>.ending{flex:0 1 auto;max-width:50%;align-self:center;color:var(--soft);font-weight:600;overflow-wrap:anywhere}
.check{display:flex;gap:.7rem;align-items:flex-start}
.check input{flex:none;width:1.375rem;height:1.375rem;margin:.05rem 0 0;accent-color:var(--fill)}
.check label{font-weight:500;margin:0}
.buttons{display:flex;flex-direction:column;gap:.75rem;margin-top:1.75rem}
button,.button{display:inline-flex;align-items:center;justify-content:center;gap:.6rem;min-height:3rem;padding:.6rem 1.375rem;
font:inherit;font-weight:640;border-radius:.75rem;border:1.5px solid transparent;cursor:pointer;text-decoration:none;text-align:center}
.first{color:var(--on);background:var(--fill)}
.first:hover{filter:brightness(.9)}
.second{color:var(--text);background:transparent;border-color:var(--field)}
.second:hover{border-color:var(--text)}
.grave{color:#fff;background:#b3261e}.grave:hover{background:#8c1d18}
.quiet{min-height:2.5rem;padding:.375rem .875rem;border-color:var(--field);background:transparent;color:var(--text);font-size:.9375rem}
.quiet:hover{border-color:var(--text)}
.plain{min-height:0;padding:0;background:none;border:0;color:var(--accent);font-weight:500;text-decoration:underline;text-underline-offset:.18em}
.aside{margin-top:1.5rem}.aside>*+*{margin-top:1.25rem}
.or{display:flex;align-items:center;gap:.875rem;color:var(--soft);font-size:.875rem}
.or::before,.or::after{content:"";flex:1;border-top:1px solid var(--line)}
.notice{display:flex;gap:.7rem;border-radius:var(--round);padding:.875rem 1rem;margin-top:1.25rem;font-size:.9375rem}
.notice.bad{background:var(--bad-ground);color:var(--bad)}
.notice.good{background:var(--good-ground);color:var(--good)}
.notice.plainly{background:var(--ground);color:var(--text)}
.notice svg{margin-top:.15rem}
.person{display:flex;align-items:center;gap:.875rem;min-width:0;text-align:left}
.person .face{width:3rem;height:3rem;border-radius:50%;object-fit:cover;background:var(--fill);color:var(--on);display:grid;place-items:center;
font-weight:680;font-size:1.1875rem;flex:none}
.person .words{min-width:0;flex:1;line-height:1.35}
.person b,.person .at{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.person .at{color:var(--soft);font-size:.9375rem;font-weight:500}
.people{list-style:none;border:1.5px solid var(--line);border-radius:var(--round);overflow:hidden;margin-top:1.75rem}
.people li+li{border-top:1px solid var(--line)}
.people form{margin:0}
.people button{width:100%;justify-content:flex-start;padding:.875rem 1rem;border:0;border-radius:0;background:none;color:inherit;font-weight:500}
.people button:hover{background:var(--ground)}
.people :focus-visible{outline-offset:-3px;border-radius:var(--round)}
.people .arrow{color:var(--soft);margin-left:auto}
.links{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem}
.card form{margin-top:1rem}.lead+.rows{margin-top:1.5rem}
.card{border:1.5px solid var(--line);border-radius:var(--round);padding:1rem 1.125rem;margin-top:1.25rem}
.may{list-style:none;margin-top:.5rem}
.may>li{display:flex;gap:.875rem;padding:.5rem 0;line-height:1.4}
.may svg{color:var(--accent)}
.may p{color:var(--soft);font-size:.9375rem;overflow-wrap:anywhere}
.may b{font-weight:640}
.may.grave-mark{background:var(--bad-ground);border-radius:var(--round);padding:.375rem 1.125rem;margin:.75rem 0 1.25rem}
.may.grave-mark svg{color:var(--bad)}.may.grave-mark p{color:inherit}
.answer{position:sticky;bottom:0;display:flex;flex-direction:row-reverse;gap:.75rem;margin:1.25rem -1.25rem 0;padding:.875rem 1.25rem;
background:var(--paper);border-top:1px solid var(--line)}
.answer button{flex:1}
html:has(.answer){scroll-padding-bottom:6rem}
fieldset{border:0;margin:0;padding:0;min-width:0}legend{padding:0;margin-bottom:.75rem;font-weight:600;font-size:.9375rem}
.choice+.field,.field+.choice{margin-top:1.5rem}
.checks{list-style:none;margin-top:1.5rem}.checks>li{display:flex;gap:.875rem;padding:.75rem 0}.checks>li+li{border-top:1px solid var(--line)}
.checks .well svg{color:var(--good)}.checks .ill svg{color:var(--bad)}.checks .unsure svg,.checks .at{color:var(--soft)}.checks p{color:var(--soft)}
.checks div{min-width:0;overflow-wrap:anywhere}.checks .mend{color:var(--text)}
.told{white-space:pre-wrap;overflow-wrap:anywhere;margin-top:.75rem;padding-inline-start:.875rem;border-inline-start:3px solid var(--line)}
.ends{margin-top:1.5rem}.people+.lead,.rows+.lead{margin-top:1.25rem}
details{margin-top:.375rem}details.card{padding:.625rem 1.125rem}summary{cursor:pointer;font-size:.9375rem;color:var(--accent);padding:.25rem 0}
details ul{list-style:none;font-size:.875rem}details li{padding:.125rem 0;overflow-wrap:anywhere}
.rows{border:1.5px solid var(--line);border-radius:var(--round);margin-top:.75rem}
.rows>*{display:flex;align-items:center;gap:1rem;padding:.875rem 1.125rem;color:inherit;text-decoration:none;min-height:3.5rem}
.rows>*+*{border-top:1px solid var(--line)}
.rows .words{flex:1;min-width:0;line-height:1.4;overflow-wrap:anywhere}.rows form{margin:0}
.rows .at{color:var(--soft);font-size:.9375rem;overflow-wrap:anywhere}
.rows a:hover{background:var(--ground)}
.rows a:first-child{border-radius:var(--round) var(--round) 0 0}.rows a:last-child{border-radius:0 0 var(--round) var(--round)}
.rows a:only-child{border-radius:var(--round)}
.rows .arrow{color:var(--soft)}
section{margin-top:2.25rem}
.back{display:inline-flex;align-items:center;gap:.4rem;margin-bottom:1.25rem;font-size:.9375rem;min-height:2rem}
.steps{list-style:none;counter-reset:step;margin-top:1.75rem}
.steps>li{counter-increment:step;position:relative;padding:0 0 1.5rem 3.25rem}
.steps>li::before{content:counter(step);position:absolute;left:0;top:0;width:2.25rem;height:2.25rem;border-radius:50%;display:grid;
place-items:center;font-weight:680;color:var(--on);background:var(--fill)}
.steps>li:not(:last-child)::after{content:"";position:absolute;left:calc(1.125rem - 1px);top:2.75rem;bottom:.5rem;border-left:2px solid var(--line)}
.steps h3{font-size:1.0625rem;line-height:1.35;font-weight:640;padding:.4375rem 0 .25rem}
.steps p{color:var(--soft);text-wrap:pretty}
.address{margin-top:.75rem}
.address code{display:inline-block;padding:.5rem .875rem;border-radius:.625rem;background:var(--ground);border:1.5px solid var(--line);
color:var(--text);font-size:1.0625rem;font-weight:600;user-select:all}
.facts>div{display:flex;flex-wrap:wrap;gap:.125rem 1.25rem;padding:.75rem 0}
.facts>div+div{border-top:1px solid var(--line)}
.facts dt{flex:0 0 7rem;color:var(--soft)}.facts dd{flex:1 1 14rem;min-width:0;overflow-wrap:anywhere}
.facts .at{color:var(--soft);font-size:.9375rem}
.facts.framed{border:1.5px solid var(--line);border-radius:var(--round);padding:.25rem 1.125rem;margin-top:1.25rem}
.record{width:100%;border-collapse:collapse;margin-top:1rem}
.record th{text-align:left;font-weight:500;color:var(--soft);padding-right:1rem;width:4rem}
.record tr+tr>*{border-top:1px solid var(--line)}.record td,.record th{padding-block:.625rem;vertical-align:middle}
.record td:last-child{text-align:right;padding-left:.75rem}
#recovery-made{margin-top:.75rem}.inline+.check{margin-top:1rem}.card+h2{margin-top:1.5rem}.hint+.quiet,div+.quiet{margin-top:.75rem}.facts.framed dt{flex-basis:9.5rem}
.inline{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:.75rem}.inline form{margin:0}
details h2{margin-top:1rem}
.invited .hint{margin:0 0 .625rem}
.notice+h1{margin-top:1.5rem}
.secret{font:600 1.375rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.06em;overflow-wrap:anywhere;user-select:all}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[hidden]{display:none!important}
@media (min-width:30rem){.buttons{flex-direction:row-reverse;justify-content:flex-start}.buttons .first,.buttons .grave{flex:1}
.buttons.column{flex-direction:column}.buttons.column>*{width:100%}
.buttons.start{flex-direction:row}.buttons.start>*{flex:none}}
@media (min-width:60rem){
body{display:grid;grid-template-columns:minmax(20rem,38%) 1fr;grid-template-rows:1fr auto}
.shore{background:linear-gradient(160deg,var(--brand),var(--deep));grid-row:1/3;padding:2.5rem;display:flex;flex-direction:column;min-height:100vh;position:sticky;top:0;height:100vh}
.shore .said{display:block;position:relative;margin-top:auto;max-width:22rem}
.shore .said p:first-child{font-size:1.75rem;line-height:1.25;letter-spacing:-.02em;font-weight:640;text-wrap:balance}
.shore .said p+p{margin-top:.75rem;font-weight:500}
main{padding:clamp(3rem,13vh,8rem) 2.5rem 3rem;max-width:33rem}main.wide{max-width:47rem;padding-top:4rem}
}
@media (max-height:24rem){.answer{position:static}}
@media (prefers-reduced-motion:no-preference){button,.button,input{transition:border-color .12s,background-color .12s}
.sea .wave{animation:swell 14s ease-in-out infinite alternate;transform-origin:50% 50%}
.sea .wave:nth-child(2n){animation-duration:19s;animation-direction:alternate-reverse}
@keyframes swell{from{transform:scale(1) rotate(0)}to{transform:scale(1.035) rotate(1.5deg)}}}
@media (forced-colors:active){.first,.grave{border-color:ButtonText}}
`;
