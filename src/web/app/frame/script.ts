/**
 * The app's only script. Everything works without it, except adding pictures, which it makes small, upright and
 * free of what cameras write into them before they leave the browser. Served as it is.
 */
export const APP_SCRIPT = `
const d = document, all = (s, at = d) => [...at.querySelectorAll(s)], words = d.body.dataset;
const make = (tag, more) => Object.assign(d.createElement(tag), more);
const typing = () => d.activeElement && d.activeElement.matches("input,textarea,select");

// A like does not load the page anew: it is shown at once, and then as the host has it.
const AT_ONCE = /^(un)?(like|repost|bookmark)\\b/;
d.addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (!form.matches("form.acts") || !button || !AT_ONCE.test(button.value)) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const body = new URLSearchParams(new FormData(form, button));
  const was = button.getAttribute("aria-pressed") === "true", count = button.querySelector("span");
  button.setAttribute("aria-pressed", String(!was));
  if (count && /^\\d*$/.test(count.textContent)) count.textContent = Number(count.textContent) + (was ? -1 : 1) || "";
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { "x-part": "1" }, body });
    if (!answer.ok) throw new Error(answer.status);
    const part = make("template", { innerHTML: await answer.text() }).content.firstElementChild;
    const kind = "." + button.className.trim().split(/\\s+/).join(".");
    const focused = form.contains(d.activeElement);
    form.replaceWith(part);
    if (focused) part.querySelector(kind)?.focus({ preventScroll: true });
  } catch { location.reload(); }
});

// The next page, when the end of this one comes near.
const read = async (href) => new DOMParser().parseFromString(await (await fetch(href)).text(), "text/html");
const near = new IntersectionObserver(async (entries) => {
  const link = entries.find((entry) => entry.isIntersecting)?.target;
  if (!link) return;
  near.disconnect();
  try {
    const next = await read(link.href);
    const into = all("main .posts, main .roll").at(-1), from = all("main .posts, main .roll", next).at(-1);
    if (!into || !from) return;
    for (const item of [...from.children]) if (!item.id || !d.getElementById(item.id)) into.append(item);
    link.closest(".paging").replaceWith(next.querySelector(".paging") ?? "");
    watch();
  } catch {}
}, { rootMargin: "900px" });
const watch = () => all(".paging a[rel=next]").forEach((link) => near.observe(link));
watch();

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

// Menus close when something else is wanted.
d.addEventListener("click", ({ target }) => all(".menu-of[open]").forEach((menu) => menu.contains(target) || (menu.open = false)));

// Writing: how much is left, a draft for as long as the tab is open, and pictures.
const graphemes = (text) => [...new Intl.Segmenter().segment(text)].length;
for (const area of all("textarea[data-longest]")) {
  const form = area.form, left = make("span", { className: "left" }), key = "draft " + location.pathname + location.search;
  const label = make("span", { className: "visually-hidden", textContent: words.left });
  const tell = () => {
    const n = area.dataset.longest - graphemes(area.value.trim());
    left.textContent = n;
    left.classList.toggle("over", n < 0);
    if (n <= 20) left.setAttribute("aria-live", "polite");
  };
  form.querySelector(".below").prepend(label, left);
  if (!area.value) area.value = sessionStorage.getItem(key) ?? "";
  area.addEventListener("input", () => { sessionStorage.setItem(key, area.value); tell(); });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
  tell();
  if (form.dataset.add) pictures(form);
}

function pictures(form) {
  const shots = make("div", { className: "shots" }), input = make("input", { type: "file", accept: "image/*", multiple: true, hidden: true });
  const button = make("button", { type: "button", className: "quiet", textContent: form.dataset.add });
  form.querySelector(".below").before(shots, input);
  form.querySelector(".below").prepend(button);
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    button.disabled = true;
    for (const file of [...input.files].slice(0, 4 - shots.children.length)) {
      try { shots.append(await shot(form, file)); } catch { shots.append(make("p", { className: "wrong", textContent: form.dataset.failed })); }
    }
    input.value = "";
    number(shots);
    button.disabled = shots.children.length > 3;
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

// Drawn anew, a picture stands upright and holds nothing but what it shows.
async function shot(form, file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  let scale = Math.min(1, 2000 / Math.max(bitmap.width, bitmap.height)), blob, canvas;
  for (let quality = 0.9; !blob || blob.size > 976000; quality > 0.5 ? (quality -= 0.1) : (scale *= 0.8)) {
    canvas = make("canvas", { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
  }
  const answer = await fetch("/app/picture", { method: "POST", headers: { "content-type": "image/jpeg", "x-csrf": form.elements.csrf.value }, body: blob });
  if (!answer.ok) throw new Error(answer.status);
  const sent = { ...(await answer.json()), width: canvas.width, height: canvas.height };
  const figure = make("figure"), side = make("div"), label = make("label", { textContent: form.dataset.alt });
  const alt = make("textarea", { rows: 3, dir: "auto" });
  label.append(alt);
  side.append(label, make("input", { type: "hidden", value: JSON.stringify(sent) }), make("button", { type: "button", className: "quiet", textContent: form.dataset.remove }));
  figure.append(make("img", { src: URL.createObjectURL(blob), alt: "" }), side);
  return figure;
}

// Keys: j and k go from post to post; l likes, r answers, o opens the one in focus; n writes, / searches.
d.addEventListener("keydown", (event) => {
  if (event.key === "Escape") all(".menu-of[open]").forEach((menu) => { menu.open = false; });
  if (typing() || event.ctrlKey || event.metaKey || event.altKey) return;
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
    j: () => go(1), k: () => go(-1), l: () => press(".act.like"), r: () => press("a.act"), o: () => press(".when"),
    n: () => d.querySelector(".write")?.click(), "/": () => d.querySelector("input[type=search]")?.focus(),
  };
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
`;
