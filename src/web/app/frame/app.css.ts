/** The app's style sheet, on top of that of all pages (`pages/style.css.ts`), whose variables it uses. */
export const APP_STYLE = `
body.app{display:block;background:var(--paper)}
.app .shore{padding:.75rem 1rem;min-height:0;height:auto;position:relative;display:block;background:linear-gradient(100deg,var(--brand),var(--end))}
.app .strip{position:relative;display:flex;align-items:center;gap:.75rem 1rem;flex-wrap:wrap;max-width:74rem;margin:0 auto}
.app .name{min-width:0;flex:0 1 auto}
.app .name span{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.seek{margin:0;order:3;flex:1 0 100%}
.app input[type=search],.app textarea{width:100%;font:inherit;color:inherit;background:var(--paper);border:1.5px solid var(--field);border-radius:.625rem;padding:.55rem .875rem;min-height:2.75rem;appearance:none}
.shore input[type=search]{border-color:transparent;border-radius:1.5rem;color:var(--text)}
.shore input[type=search]:focus-visible{outline-color:var(--on)}
.ways{display:flex;gap:.5rem;margin-inline-start:auto}
.on-shore{min-height:2.5rem;padding:.375rem 1rem;font-size:.9375rem;color:var(--brand);background:var(--on);white-space:nowrap}
.on-shore.line{color:var(--on);background:transparent;border-color:var(--on)}
.deck{max-width:74rem;margin:0 auto;padding-bottom:4.5rem}
.app main{display:flow-root;max-width:40rem;padding:0 0 2rem;margin:0 auto}
.app main>h1,.app .head{padding:1.25rem 1rem .5rem}
.app h1{font-size:1.375rem}.app .notice[hidden]+h1{margin-top:0}
.app .head p{margin-top:.5rem}
.about{max-width:40rem;margin:0 auto;padding:1rem;color:var(--soft);font-size:.9375rem}
.about h2{color:var(--text)}
.about .card{margin-top:0;margin-bottom:1rem}
.about .card>*+*{margin-top:.75rem}
.small{padding:0;text-align:start;font-size:.8125rem}
.small .links{justify-content:flex-start;gap:.35rem 1rem}
.menu{position:fixed;inset:auto 0 0;z-index:3;background:var(--paper);border-top:1px solid var(--line);padding-bottom:env(safe-area-inset-bottom)}
.menu ul{list-style:none;display:flex;justify-content:space-around}
.menu li a{display:flex;align-items:center;justify-content:center;gap:.875rem;min-width:3.5rem;min-height:3.25rem;padding:.5rem;color:var(--text);text-decoration:none;position:relative}
.menu li a[aria-current]{color:var(--accent);font-weight:680}
.menu li a[aria-current]::before{content:"";position:absolute;inset:-1px 25% auto;border-top:3px solid var(--accent);border-radius:2px}
.menu span{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.menu .badge{position:absolute;inset-block-start:.25rem;inset-inline-start:calc(50% + .15rem);width:auto;height:auto;clip-path:none;min-width:1.125rem;padding:0 .3rem;border-radius:.6rem;background:#b3261e;color:#fff;font-size:.75rem;line-height:1.125rem;font-weight:680;text-align:center}
.tabs{display:flex;overflow-x:auto;border-bottom:1px solid var(--line);scrollbar-width:none;position:sticky;top:0;background:var(--paper);z-index:2}
.tabs a{flex:1 0 auto;padding:.8rem 1rem;text-align:center;color:var(--soft);text-decoration:none;font-weight:600;font-size:.9375rem;border-bottom:3px solid transparent;margin-bottom:-1px}
.tabs a:hover{color:var(--text);background:var(--ground)}
.tabs a[aria-current]{color:var(--text);border-color:var(--accent)}
.tabs a:focus-visible{outline-offset:-4px}
.post{display:grid;grid-template-columns:auto minmax(0,1fr);column-gap:.75rem;padding:.875rem 1rem .5rem;border-bottom:1px solid var(--line);line-height:1.45;scroll-margin-top:3.5rem}
.post>*{grid-column:1/3}
.post>.why{grid-column:2}
.post>.to-face{grid-column:1}
.post>.body{grid-column:2;min-width:0}
.post.gone{display:block;color:var(--soft);font-size:.9375rem;padding-block:1rem}
.post:target{background:var(--ground)}
.why{display:flex;align-items:center;gap:.4rem;color:var(--soft);font-size:.8125rem;font-weight:600;margin-bottom:.25rem;min-width:0}
.why a{color:inherit;text-decoration:none;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.why a:hover{text-decoration:underline}
.post header{display:flex;align-items:baseline;gap:.5rem;min-width:0}
.face{width:2.75rem;height:2.75rem;border-radius:50%;object-fit:cover;background:var(--ground);display:block;flex:none}
.face.letter{display:grid;place-items:center;background:var(--fill);color:var(--on);font-weight:680;font-size:1.125rem}
.who{color:inherit;text-decoration:none;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.who:hover .title{text-decoration:underline}
.who .title{font-weight:660}
.at,.when{color:var(--soft);font-size:.9375rem;text-decoration:none}
.when{margin-inline-start:auto;flex:none}.when:hover{text-decoration:underline}
.verified{color:var(--accent);display:inline-block;vertical-align:-.15em;margin-inline:.2rem}
.text{white-space:pre-wrap;overflow-wrap:anywhere;text-align:start}
.text a{text-decoration:none}.text a:hover{text-decoration:underline}
.content>*+*,.cover>*+*{margin-top:.625rem}
.pictures{display:grid;gap:.25rem;border-radius:var(--round);overflow:hidden}
.pictures a{display:block;height:100%}
.pictures img{display:block;width:100%;height:100%;object-fit:cover;background:var(--ground)}
.of-1{width:fit-content;max-width:100%}
.of-1 img{width:auto;height:auto;max-width:100%;max-height:32rem}
.of-2,.of-3,.of-4{grid-template-columns:1fr 1fr}
.of-2 figure,.of-4 figure{aspect-ratio:1;min-height:0}
.of-3{grid-template-rows:1fr 1fr;aspect-ratio:3/2}.of-3 figure{min-height:0}.of-3 figure:first-child{grid-row:1/3}
.film{display:block;width:100%;height:auto;max-height:32rem;border-radius:var(--round);background:#000}
.site{display:block;border:1px solid var(--line);border-radius:var(--round);overflow:hidden;color:inherit;text-decoration:none}
.site:hover,.quoted.thing:hover{background:var(--ground)}
.site img{display:block;width:100%;height:auto;aspect-ratio:1.91;object-fit:cover;background:var(--ground)}
.site .words{display:block;padding:.625rem .875rem}
.site .domain,.site .more{display:block;color:var(--soft);font-size:.8125rem}
.site b{display:block;font-weight:640;overflow-wrap:anywhere}
.site .more{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.quoted{border:1px solid var(--line);border-radius:var(--round);padding:.625rem .875rem;margin:.625rem 0 0;display:block}
.quoted .by{display:flex;align-items:center;gap:.4rem;min-width:0;margin-bottom:.25rem}
.quoted .who{display:flex;gap:.4rem}.quoted .who bdi{overflow:hidden;text-overflow:ellipsis}.quoted .title{flex-shrink:.2}
.quoted time{flex:none;color:var(--soft);font-size:.9375rem}
.quoted .face{width:1.25rem;height:1.25rem;font-size:.6875rem}
.quoted>.text~*{margin-top:.5rem}
.quoted.gone{color:var(--soft);font-size:.9375rem}
.quoted.thing{display:flex;gap:.75rem;align-items:center;color:inherit;text-decoration:none}
.quoted.thing svg{color:var(--accent)}
.quoted.thing .words{min-width:0}.quoted.thing b,.quoted.thing .at{display:block;overflow-wrap:anywhere}
.cover{border:1px solid var(--line);border-radius:var(--round);padding:.5rem .875rem;margin:0}
.cover summary{display:flex;align-items:center;gap:.5rem;color:var(--text);font-weight:600;min-height:2rem}
.note{display:flex;align-items:center;gap:.4rem;color:var(--soft);font-size:.8125rem;font-weight:600}
.reach{list-style:none;display:flex;gap:.5rem;justify-content:space-between;max-width:24rem;margin-top:.375rem;color:var(--soft);font-size:.875rem}
.reach li{display:flex;align-items:center;gap:.375rem;min-width:3.25rem;min-height:2rem}
.post.main{padding-top:1rem}
.post.main>*+.content,.post.main>.content~*{margin-top:.75rem}
.post.main .who .title,.post.main .who .at{display:block;overflow:hidden;text-overflow:ellipsis}
.post.main .who{display:block}
.post.main .text{font-size:1.125rem}
.post.main>.when{margin-inline-start:0}
.post.main .reach{border-top:1px solid var(--line);padding-top:.5rem;max-width:none}
.post.parent{border-bottom:0;position:relative}
.post.parent::after{content:"";position:absolute;inset-block:4rem -.6rem;inset-inline-start:calc(1rem + 1.375rem - 1px);border-inline-start:2px solid var(--line)}
.deep-2{padding-inline-start:1.75rem}.deep-3{padding-inline-start:2.5rem}.deep-4{padding-inline-start:3.25rem}.deep-5,.deep-6{padding-inline-start:4rem}
.deep-2 .face,.deep-3 .face,.deep-4 .face,.deep-5 .face,.deep-6 .face{width:2rem;height:2rem;font-size:.875rem}
.profile{padding:0 1rem 1rem}
.profile .banner{display:block;width:calc(100% + 2rem);margin-inline:-1rem;height:auto;aspect-ratio:3;object-fit:cover;background:var(--ground)}
.profile .banner.none{background:linear-gradient(100deg,var(--brand),var(--shoal));opacity:.85;aspect-ratio:5}
.profile .face{width:6rem;height:6rem;margin-top:-3rem;border:4px solid var(--paper);position:relative;background-color:var(--paper)}
.profile .face.letter{font-size:2.5rem;background:var(--fill)}
.profile h1{margin-top:.5rem;clear:both}
.profile>p{margin-top:.625rem}.profile>.at{margin-top:.125rem}
.counts{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;color:var(--soft);font-size:.9375rem}
.counts a{color:inherit;text-decoration:none}.counts a:hover{text-decoration:underline}
.row{display:flex;gap:.75rem;padding:.875rem 1rem;border-bottom:1px solid var(--line)}
.row .words{min-width:0;flex:1}.row .who{display:block}.row .who .at,.row .who .title{display:inline}
.bio{color:var(--soft);font-size:.9375rem;overflow-wrap:anywhere;display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden}
.roll{list-style:none}
.proof{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:center;padding:.625rem 1rem;border-bottom:1px solid var(--line);font-size:.875rem}
.app form{margin-top:0}
.acts{display:flex;align-items:center;justify-content:space-between;max-width:26rem;margin-top:.25rem!important}
.post.main .acts{max-width:none;border-top:1px solid var(--line);padding-top:.25rem;margin-top:.75rem!important}
.act,.menu-of summary{display:inline-flex;align-items:center;gap:.375rem;min-height:2.25rem;min-width:2.25rem;padding:.25rem .375rem;border:0;border-radius:1.25rem;background:none;color:var(--soft);font-size:.875rem;font-weight:500;text-decoration:none;justify-content:center;cursor:pointer}
.act:hover,.menu-of summary:hover{background:var(--ground);color:var(--text)}
.act.off{opacity:.5;cursor:default}
.act span{min-width:1rem;text-align:start}
.act.like[aria-pressed=true]{color:#c2185b}.act.repost[aria-pressed=true]{color:var(--good)}.act.bookmark[aria-pressed=true]{color:var(--accent)}
.menu-of{position:relative;margin:0}
.menu-of summary{list-style:none}.menu-of summary::-webkit-details-marker{display:none}
.menu-of ul{position:absolute;inset-inline-end:0;top:100%;z-index:4;list-style:none;min-width:14rem;max-width:80vw;padding:.375rem;background:var(--paper);border:1px solid var(--line);border-radius:var(--round);box-shadow:0 6px 24px rgb(0 0 0/.18);font-size:.9375rem}
.menu-of li{padding:0}
.menu-of li>*{display:block;width:100%;min-height:2.5rem;padding:.5rem .75rem;border:0;border-radius:.5rem;background:none;color:var(--text);font-weight:500;text-align:start;text-decoration:none}
.menu-of li>:hover{background:var(--ground)}
.acts-of{display:flex;align-items:center;gap:.5rem;float:inline-end;margin-top:.75rem!important}
.acts-of button:not(li *),.acts-of .button{min-height:2.5rem;padding:.25rem 1.125rem;font-size:.9375rem}
.acts-of .menu-of summary{border:1.5px solid var(--field);width:2.5rem;height:2.5rem}
.offline{margin:.75rem 1rem 0}.offline[hidden]{display:none}
.app main>.acts-of{margin-inline-end:1rem}
.row form button{min-height:2.25rem;padding:.125rem .875rem;font-size:.875rem}
.profile .face{display:inline-block;vertical-align:bottom}.profile .face.letter{display:inline-grid}.profile .note{margin-top:.375rem}
.writing textarea{display:block;resize:vertical;font-size:1.0625rem;line-height:1.5}
.writing .below{display:flex;align-items:center;gap:1rem;justify-content:flex-end;margin-top:.625rem;flex-wrap:wrap}
.writing .below button{min-height:2.5rem;padding:.25rem 1.375rem}
.writing .left{color:var(--soft);font-variant-numeric:tabular-nums;font-size:.875rem}.writing .left.over{color:var(--bad);font-weight:680}
.writing.quick{padding:1rem;border-bottom:1px solid var(--line)}
.writing.quick textarea{min-height:3.25rem}
.writing .below a{margin-inline-end:auto;font-size:.9375rem}
.writing .card{margin-top:.75rem}
.shots{display:grid;gap:.75rem;margin-top:.75rem}.shots:empty{display:none}
.shots figure{display:grid;grid-template-columns:7rem 1fr;gap:.75rem;align-items:start}
.shots img{width:7rem;height:7rem;object-fit:cover;border-radius:.625rem}
@media (scripting:none){.scripted{display:none!important}}@media (scripting:enabled){.writing .ask{display:none}}
@media (scripting:enabled){article.post:not(.main) .text,blockquote.quoted{cursor:pointer}}
.text a{text-decoration:underline}
.shot{display:grid;place-items:center;width:7rem;height:7rem;border-radius:.625rem;background:var(--ground);color:var(--soft)}
.offer{margin-top:.75rem}.offer .quiet{margin-top:.5rem;min-height:2.5rem;padding:.25rem 1rem}
.check{display:flex;gap:.5rem;align-items:center;font-weight:500}.check input{width:1.25rem;height:1.25rem;min-height:0;flex:none}
.self img{display:block;height:6rem;width:6rem;object-fit:cover;border-radius:50%;background:var(--ground);margin-bottom:.5rem}
.self .of-banner img{width:18rem;max-width:100%;border-radius:.625rem}.self img[hidden]{display:none}
.keys-of{padding:0 1rem}.keys-of div{display:flex;gap:1rem;align-items:baseline;padding:.375rem 0;border-bottom:1px solid var(--line)}
.keys-of dt{min-width:5rem}kbd{font:600 .875rem ui-monospace,monospace;border:1px solid var(--field);border-radius:.375rem;padding:.125rem .5rem;background:var(--ground)}
dialog.keys{margin:auto;border:1px solid var(--line);border-radius:var(--round);background:var(--paper);color:var(--text);padding:1rem;max-width:min(32rem,92vw)}
dialog.keys::backdrop{background:rgb(0 0 0/.5)}
.row form .quiet{min-height:2.5rem;padding:.25rem 1rem}.row .said{display:block;overflow-wrap:anywhere}
.app fieldset{border:0;padding:0;margin:1.25rem 0}.app legend{font-weight:600;padding:0;margin-bottom:.625rem}
.app .field{margin-top:1.125rem}
.happened{display:flex;gap:.75rem;padding:.875rem 1rem;border-bottom:1px solid var(--line)}
.fresh{background:var(--ground);box-shadow:inset 3px 0 var(--accent)}
.filter label::first-letter{text-transform:uppercase}.app .aim h2+*{margin-top:.75rem}.app .aim h3{margin-top:1.75rem;font-size:1rem}
.app:has(.writing:not(.quick)) .menu .write{display:none}
@media (max-width:59.99rem){.app:has(main .field) .menu .write{display:none}}
.app .aim>*+p,.writing+.quoted{margin-top:1rem}
.app ::file-selector-button{font:inherit;font-weight:600;min-height:2.5rem;padding:.25rem 1rem;margin-inline-end:.75rem;border:1.5px solid var(--field);border-radius:.75rem;background:none;color:inherit;cursor:pointer}
[dir=rtl] :is(textarea,input):placeholder-shown{direction:rtl}
[dir=rtl] select{padding-inline:.875rem 2.25rem;background-position:left .85rem center,left 1.25rem center}
[dir=rtl] .fresh{box-shadow:inset -3px 0 var(--accent)}
.happened .sign{flex:none;color:var(--soft);width:2.75rem;display:grid;justify-content:end;align-content:start}
.sign.like,.sign.like-via-repost{color:#c2185b!important}.sign.repost,.sign.repost-via-repost{color:var(--good)!important}
.faces{display:flex;gap:.25rem;margin-bottom:.375rem}.faces .face{width:2rem;height:2rem;font-size:.875rem}
.said{color:inherit;text-decoration:none}.said:hover{text-decoration:underline}
.menu .write{display:flex;justify-content:center;color:var(--on);width:3.5rem;height:3.5rem;padding:0;border-radius:50%;position:fixed;inset-inline-end:1rem;bottom:calc(4.25rem + env(safe-area-inset-bottom));box-shadow:0 4px 16px rgb(0 0 0/.25)}
@media (prefers-color-scheme:dark){.act.like[aria-pressed=true],.sign.like,.sign.like-via-repost{color:#ff7aa8!important}}
.news{position:fixed;z-index:3;inset-block-start:.75rem;inset-inline-start:50%;translate:-50%;min-height:2.5rem;padding:.25rem 1.25rem;border-radius:1.5rem;box-shadow:0 4px 16px rgb(0 0 0/.25)}
[dir=rtl] .news{translate:50%}
article.post:focus{outline:3px solid var(--accent);outline-offset:-3px}
.writing .below .add{margin-inline-end:auto}
.empty{padding:2.5rem 1rem;color:var(--soft);text-align:center;text-wrap:balance}
.paging{padding:1.25rem 1rem;text-align:center}
.app .aim{padding:1rem}
@media (min-width:40rem){.seek{order:0;flex:1 1 12rem;max-width:26rem;margin-inline:auto}.seek+.ways{margin-inline-start:0}}
@media (min-width:60rem){
.deck{display:grid;grid-template-columns:14rem minmax(0,40rem) minmax(13rem,18rem);gap:0 1.5rem;justify-content:center;padding-bottom:0}
.app main{border-inline:1px solid var(--line);min-height:calc(100vh - 4.5rem);margin:0}
.menu{position:sticky;top:0;inset:auto;align-self:start;border:0;padding:1rem .5rem}
.menu ul{display:block}
.menu li a{justify-content:flex-start;border-radius:.75rem;padding:.625rem .875rem}
.menu li a:hover{background:var(--ground)}
.menu li a[aria-current]::before{display:none}
.menu span{position:static;width:auto;height:auto;clip-path:none;overflow:visible}
.menu .badge{position:static;flex:none;margin-inline-start:auto}
.menu .write{position:static;width:auto;height:auto;border-radius:.75rem;margin:.75rem .25rem 0;padding:.6rem .5rem;gap:.5rem;box-shadow:none}
.about{padding:1.25rem .5rem;margin:0;align-self:start;position:sticky;top:0}
.profile .banner{border-radius:0}
}
@media (prefers-reduced-motion:no-preference){.menu a,.tabs a,.site,.quoted.thing{transition:background-color .12s}}
`;
