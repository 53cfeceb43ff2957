/**
 * The app's only script. Everything works without it, except adding pictures, which it makes small, upright and
 * free of what cameras write into them before they leave the browser. A bundle has it minified.
 */
export const APP_SCRIPT = `
const d = document, all = (s, at = d) => [...at.querySelectorAll(s)], words = d.body.dataset;
const make = (tag, more) => Object.assign(d.createElement(tag), more);
const storage = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch {} },
};
const parsed = (html) => make("template", { innerHTML: html }).content.firstElementChild;
const typing = () => d.activeElement && d.activeElement.matches("input,textarea,select");

// A like does not load the page anew: it is shown at once, and then its button is as the host has it. What was
// pressed is sent even if its reader goes on to another page.
const AT_ONCE = /^(un)?(like|repost|bookmark)\\b/;
d.addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (!form.matches("form.acts") || !button || !AT_ONCE.test(button.value)) return;
  event.preventDefault();
  if (button.dataset.busy) return;
  button.dataset.busy = "1";
  const body = new URLSearchParams(new FormData(form, button));
  const was = button.getAttribute("aria-pressed") === "true", count = button.querySelector("span");
  button.setAttribute("aria-pressed", String(!was));
  if (count && /^\\d*$/.test(count.textContent)) count.textContent = Number(count.textContent) + (was ? -1 : 1) || "";
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { "x-part": "1" }, body, keepalive: true });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const made = parsed(await answer.text()).querySelector("." + button.className.trim().split(/\\s+/).join("."));
    const focused = d.activeElement === button;
    button.replaceWith(made);
    if (focused) made.focus({ preventScroll: true });
  } catch { location.reload(); }
});

// The next page, when the end of this one comes near.
const read = async (href) => new DOMParser().parseFromString(await (await fetch(href, { headers: { accept: "text/html" } })).text(), "text/html");
const near = new IntersectionObserver(async (entries) => {
  const link = entries.find((entry) => entry.isIntersecting)?.target;
  if (!link) return;
  near.disconnect();
  if (!(await grow(link))) return;
  history.replaceState({ ...history.state, more: (history.state?.more ?? 0) + 1 }, "");
  watch();
}, { rootMargin: "900px" });
const watch = () => all(".paging a[rel=next]").forEach((link) => near.observe(link));
const grow = async (link) => {
  try {
    const next = await read(link.href);
    const into = all("main .posts, main .roll").at(-1), from = all("main .posts, main .roll", next).at(-1);
    if (!into || !from) return false;
    for (const item of [...from.children]) if (!item.id || !d.getElementById(item.id)) into.append(item);
    link.closest(".paging").replaceWith(next.querySelector(".paging") ?? "");
    return true;
  } catch { return false; }
};

// Back comes back to the place, also on a page that had grown.
const remember = () => {
  if (!history.state?.more) return;
  const post = all("main article.post").find((each) => each.getBoundingClientRect().bottom > 0);
  history.replaceState({ ...history.state, post: post?.id, top: post?.getBoundingClientRect().top, y: scrollY }, "");
};
addEventListener("scrollend", remember);
d.addEventListener("click", remember, true);
const comeBack = async ({ more, post, top, y }) => {
  history.scrollRestoration = "manual";
  for (let n = 0, link; n < more && (link = d.querySelector(".paging a[rel=next]")); n++) if (!(await grow(link))) break;
  const place = post && d.getElementById(post);
  if (place) scrollBy(0, place.getBoundingClientRect().top - top);
  else scrollTo(0, y ?? 0);
  watch();
};
if (history.state?.more) comeBack(history.state);
else watch();

// New posts announce themselves, and wait until the reader wants them.
if (location.pathname === "/" && !location.search.includes("cursor")) setInterval(async () => {
  if (d.hidden || typing() || d.querySelector(".news")) return;
  try {
    const fresh = all("main .posts > article", await read(location.href)).slice(0, 10);
    if (!fresh.some(({ id }) => id && !d.getElementById(id))) return;
    const news = make("a", { className: "news button first", href: location.href, textContent: words.news });
    news.setAttribute("role", "status");
    d.querySelector("main").append(news);
  } catch {}
}, 90000);

// Pages that were read stay readable without a network; the page says when it is such a copy.
if ("serviceWorker" in navigator) addEventListener("load", () => navigator.serviceWorker.register("/app/offline.js", { scope: "/", updateViaCache: "none" }).catch(() => {}));
const told = make("p", { className: "notice plainly offline", textContent: words.offline, hidden: navigator.onLine });
told.setAttribute("role", "status");
d.querySelector("main").prepend(told);
for (const name of ["online", "offline"]) addEventListener(name, () => { told.hidden = navigator.onLine; });

// Menus close when something else is wanted.
d.addEventListener("click", ({ target }) => all(".menu-of[open]").forEach((menu) => menu.contains(target) || (menu.open = false)));

// A post opens where it is pressed, as its time does, unless something of its own is there, or words are chosen.
d.addEventListener("click", ({ target }) => {
  const post = target.closest("article.post:not(.main)");
  if (!post || target.closest("a,button,summary,form,video,label") || String(getSelection())) return;
  (target.closest("blockquote.quoted")?.querySelector(".who") ?? post.querySelector(".when"))?.click();
});

// Writing: how much is left, a draft for as long as the tab is open, and pictures.
const graphemes = (text) => [...new Intl.Segmenter().segment(text)].length;
for (const area of all("textarea[data-longest]")) {
  const form = area.form, left = form.querySelector(".left"), key = "draft " + location.pathname + location.search;
  const tell = () => {
    const n = area.dataset.longest - graphemes(area.value.trim());
    left.textContent = n;
    left.classList.toggle("over", n < 0);
    if (n <= 20) left.setAttribute("aria-live", "polite");
  };
  if (!area.value) area.value = sessionStorage.getItem(key) ?? "";
  area.addEventListener("input", () => { sessionStorage.setItem(key, area.value); tell(); });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    sessionStorage.removeItem(key);
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
  tell();
  const lang = form.elements.lang, kept = storage.get("lang");
  if (kept && !form.elements.draft && (!lang.options || [...lang.options].some(({ value }) => value === kept))) lang.value = kept;
  lang.addEventListener("change", () => storage.set("lang", lang.value));
  if (form.querySelector(".add")) { pictures(form); cards(form, area); }
}

// The card of the first link, for as long as nobody takes it away, and no picture stands in its place.
function cards(form, area) {
  const into = form.querySelector(".cards"), off = new Set();
  let last = "", timer;
  const look = async () => {
    const rough = (area.value.match(/\\S+\\.\\S{2,}/g) ?? []).join(" ");
    if (rough === last || into.firstElementChild || form.querySelector(".shots figure")) return;
    last = rough;
    if (!rough) return;
    try {
      const answer = await fetch("/app/card", { method: "POST", body: new URLSearchParams({ csrf: form.elements.csrf.value, text: area.value }) });
      if (answer.status !== 200) return;
      const part = parsed(await answer.text());
      if (off.has(part.dataset.link) || into.firstElementChild) return;
      into.append(part);
      await face(form, part);
    } catch {}
  };
  area.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 600); });
  into.addEventListener("click", (event) => {
    if (!event.target.matches("button")) return;
    event.preventDefault();
    off.add(event.target.closest(".offer").dataset.link);
    into.replaceChildren();
    area.focus();
  });
  const shown = into.firstElementChild;
  if (shown) face(form, shown).catch(() => {});
  else if (area.value) look();
}

// The picture of a card, made small here; the host makes it if this does not come to its end.
async function face(form, part) {
  const img = part.querySelector("img"), thumb = part.querySelector("[name=thumb]"), card = part.querySelector("[name=card]");
  if (!img || thumb.value) return;
  try {
    const answer = await fetch(img.src);
    if (!answer.ok) throw new Error(answer.status);
    const { blob } = await small(await answer.blob(), 1000);
    thumb.value = JSON.stringify(await send(form, blob));
  } catch {
    img.remove();
    card.value = JSON.stringify({ ...JSON.parse(card.value), image: null });
  }
}

function pictures(form) {
  const shots = form.querySelector(".shots") ?? make("div", { className: "shots" }), input = make("input", { type: "file", accept: "image/*", multiple: true, hidden: true });
  const button = form.querySelector(".add");
  form.querySelector(".below").before(shots, input);
  all("button[hidden]", shots).forEach((each) => { each.hidden = false; });
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    button.disabled = true;
    for (const file of [...input.files].slice(0, 4 - shots.children.length)) {
      try { shots.append(await shot(form, file)); } catch { shots.append(make("p", { className: "wrong", textContent: form.dataset.failed })); }
    }
    input.value = "";
    number(shots);
    button.disabled = shots.children.length > 3;
    if (shots.children.length) form.querySelector(".cards").replaceChildren();
  });
  shots.addEventListener("click", ({ target }) => {
    if (!target.matches("button")) return;
    target.closest("figure").remove();
    number(shots);
    button.disabled = false;
  });
}

const number = (shots) => all("figure", shots).forEach((figure, i) => {
  figure.querySelector("input").name = "picture" + i;
  figure.querySelector("textarea").name = "alt" + i;
});

// Drawn anew, a picture stands upright and holds nothing but what it shows. With a shape it is cut to it.
async function small(file, most, shape) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const width = shape ? Math.min(bitmap.width, bitmap.height * shape) : bitmap.width, height = shape ? width / shape : bitmap.height;
  let scale = Math.min(1, most / Math.max(width, height)), blob, canvas;
  for (let quality = 0.9; !blob || blob.size > 976000; quality > 0.5 ? (quality -= 0.1) : (scale *= 0.8)) {
    canvas = make("canvas", { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, (bitmap.width - width) / 2, (bitmap.height - height) / 2, width, height, 0, 0, canvas.width, canvas.height);
    blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
  }
  return { blob, canvas };
}

async function send(form, blob) {
  const answer = await fetch("/app/picture", { method: "POST", headers: { "content-type": "image/jpeg", "x-csrf": form.elements.csrf.value }, body: blob });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function shot(form, file) {
  const { blob, canvas } = await small(file, 2000);
  const sent = { ...(await send(form, blob)), width: canvas.width, height: canvas.height };
  const figure = make("figure"), side = make("div"), label = make("label", { textContent: form.dataset.alt });
  const alt = make("textarea", { rows: 3, dir: "auto" });
  label.append(alt);
  side.append(label, make("input", { type: "hidden", value: JSON.stringify(sent) }), make("button", { type: "button", className: "quiet", textContent: form.dataset.remove }));
  figure.append(make("img", { src: URL.createObjectURL(blob), alt: "" }), side);
  return figure;
}

// A face and a banner are cut to shape before they are sent.
for (const input of all("input[type=file][data-shape]")) input.addEventListener("change", async () => {
  const [file] = input.files, shown = input.parentElement.querySelector("img");
  if (!file) return;
  try {
    const { blob } = await small(file, Number(input.dataset.most), Number(input.dataset.shape)), box = new DataTransfer();
    box.items.add(new File([blob], "picture.jpg", { type: "image/jpeg" }));
    input.files = box.files;
    input.setCustomValidity("");
    shown.src = URL.createObjectURL(blob);
    shown.hidden = false;
  } catch {
    input.value = "";
    input.setCustomValidity(input.form.dataset.failed);
    input.reportValidity();
  }
});

// Single letters, which their user may switch off: j and k go from post to post, and so on ("/app/keys" lists them).
const isOn = () => storage.get("keys") !== "off";
const showSwitch = () => all("[data-keys]").forEach((box) => { box.checked = isOn(); box.disabled = false; });
d.addEventListener("change", ({ target }) => { if (target.matches("[data-keys]")) storage.set("keys", target.checked ? "on" : "off"); });
showSwitch();
async function listKeys() {
  if (d.querySelector("dialog")) return;
  const dialog = make("dialog", { className: "keys" }), close = make("button", { type: "button", className: "first", textContent: words.close });
  dialog.append(...(await read("/app/keys")).querySelector("main").children, close);
  dialog.setAttribute("aria-labelledby", "keys");
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  d.body.append(dialog);
  showSwitch();
  dialog.showModal();
}
d.addEventListener("keydown", (event) => {
  if (event.key === "Escape") all(".menu-of[open]").forEach((menu) => { menu.open = false; });
  if (typing() || event.ctrlKey || event.metaKey || event.altKey || !isOn() || d.querySelector("dialog")) return;
  const posts = all("article.post"), at = d.activeElement?.closest("article.post");
  const go = (by) => {
    const post = posts[Math.max(0, Math.min(posts.length - 1, posts.indexOf(at) + by))];
    if (!post) return;
    post.tabIndex = -1;
    post.focus();
    post.scrollIntoView({ block: "center" });
  };
  const press = (what) => at?.querySelector(what)?.click();
  const keys = {
    j: () => go(1), k: () => go(-1), l: () => press(".act.like"), t: () => press(".act.repost"), b: () => press(".act.bookmark"),
    r: () => press("a.act"), o: () => press(".when"),
    n: () => d.querySelector(".write")?.click(), "/": () => d.querySelector("input[type=search]")?.focus(), "?": listKeys,
  };
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
`;
