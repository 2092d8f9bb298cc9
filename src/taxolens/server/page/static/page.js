/* The page to try models on, made lively: photos are shown at once from the reader's own disk, asked one by one, and
   their answers come as the same HTML that readers without JavaScript get. */

const facts = JSON.parse(document.getElementById("facts").textContent);
const words = facts.words;
const form = document.getElementById("ask");
const AT_ONCE = 2;
const TRIES = 6;
const LONGEST_WAIT = 30;
const MEGABYTE = 1e6;
const SENT_SMALLER = 4096;
const FORM_OVERHEAD = 2000;
const NAMES_ON_PHOTO = 12;
const TINY = 200;
const KEY = "taxolens-key";

const byId = (id) => document.getElementById(id);
const fill = (text, fields) => text.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
const pause = (seconds) => new Promise((go) => setTimeout(go, 1000 * seconds));
const made = (tag, kind, text) => {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
};

/* ---- What the reader has chosen ---- */

const photos = [];
let current = null;
let round = 0;

const chosenModel = () => byId("model").value;
const boxesOf = (name) => facts.models[name]?.boxes ?? null;

const question = (photo) => {
  const data = new FormData();
  data.append("model", chosenModel());
  if (boxesOf(chosenModel()) && byId("threshold").dataset.moved) data.append("threshold", byId("threshold").value);
  data.append("file", photo.sent, photo.name);
  return data;
};

const headers = () => {
  const key = byId("key")?.value.trim();
  return { Accept: "text/html, application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
};

/* ---- Asking ---- */

class Refusal extends Error {
  constructor(sentence, { status = 0, again = false } = {}) {
    super(sentence);
    this.status = status;
    this.again = again;
  }
}

const sentenceOf = async (reply) => {
  try {
    return (await reply.json()).error || words.broken;
  } catch {
    return words.broken;
  }
};

const send = async (address, data) => {
  try {
    return await fetch(address, { method: "POST", body: data, headers: headers() });
  } catch {
    throw new Refusal(words.gone, { again: true });
  }
};

/* Busy servers say when to come again; every other refusal is final. */
const answerTo = async (photo, mine) => {
  for (let tried = 1; ; tried += 1) {
    const reply = await send(`page/answer?lang=${facts.language}`, question(photo));
    if (reply.ok) return reply.text();
    const busy = reply.status === 429 || reply.status === 503;
    if (!busy || tried === TRIES) throw new Refusal(await sentenceOf(reply), { status: reply.status, again: busy });
    const seconds = Math.min(LONGEST_WAIT, Math.max(1, Number(reply.headers.get("Retry-After")) || 2 ** tried / 2));
    if (photo === current) tell(fill(words.busy, { seconds: Math.ceil(seconds) }));
    await pause(seconds);
    if (photo.round !== mine) return null;
  }
};

const ask = async (photo) => {
  const mine = (photo.round = ++round);
  photo.state = "asking";
  refresh(photo);
  try {
    await fitToServer(photo);
    const html = await answerTo(photo, mine);
    if (photo.round !== mine || html === null) return;
    take(photo, html);
  } catch (error) {
    if (photo.round !== mine) return;
    photo.state = "failed";
    photo.refusal = error instanceof Refusal ? error : new Refusal(words.broken, { again: true });
    if (photo.refusal.status === 401) byId("key")?.focus();
  }
  refresh(photo);
  next();
};

const next = () => {
  const busy = photos.filter((photo) => photo.state === "asking").length;
  const waiting = photos.filter((photo) => photo.state === "waiting");
  // The photo that is looked at goes first.
  waiting.sort((a, b) => Number(b === current) - Number(a === current));
  waiting.slice(0, Math.max(0, AT_ONCE - busy)).forEach(ask);
};

const askAllAgain = () => {
  for (const photo of photos) {
    photo.round = 0;
    photo.state = "waiting";
  }
  if (current) refresh(current);
  next();
};

const take = (photo, html) => {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  photo.article = holder.content.querySelector("article");
  photo.state = "done";
  photo.refusal = null;
  const about = facts.models[photo.article.dataset.model];
  if (about && about.version !== photo.article.dataset.version) {
    say(photo.article, fill(words.updated, { version: photo.article.dataset.version }));
  }
  if (photo.note) say(photo.article, photo.note);
};

const say = (article, sentence) => {
  const line = made("p", "meaning", sentence);
  article.querySelector(".headline").after(line);
};

/* ---- Photos that are larger than the server takes ---- */

const megabytes = (bytes) => (bytes / MEGABYTE).toLocaleString(facts.language, { maximumFractionDigits: 1 });

const fitToServer = async (photo) => {
  const most = facts.most_bytes - FORM_OVERHEAD;
  if (photo.sent || photo.file.size <= most) {
    photo.sent ??= photo.file;
    return;
  }
  const sizes = { size: megabytes(photo.file.size), most: megabytes(facts.most_bytes) };
  const smaller = await redrawn(photo.file);
  if (!smaller || smaller.blob.size > most) throw new Refusal(fill(words.too_large, sizes), { status: 413 });
  photo.sent = smaller.blob;
  photo.note = fill(words.made_smaller, { ...sizes, width: smaller.width, height: smaller.height });
};

const redrawn = async (file) => {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const shrink = Math.min(1, SENT_SMALLER / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * shrink));
    canvas.height = Math.max(1, Math.round(picture.height * shrink));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((go) => canvas.toBlob(go, "image/jpeg", 0.92));
    return blob && { blob, width: canvas.width, height: canvas.height };
  } catch {
    return null;
  }
};

/* ---- Showing one photo ---- */

const refresh = (photo) => {
  drawFilm(photo);
  drawProgress();
  if (photo !== current) return;
  const article = articleOf(photo);
  byId("results").replaceChildren(article);
  if (photo.state === "done") tell(article.dataset.spoken);
  if (photo.state === "failed") tell(`${photo.name}: ${photo.refusal.message}`);
};

const articleOf = (photo) => {
  const busy = photo.state === "asking" || photo.state === "waiting";
  // What was said before stays in sight until there is something new.
  const article = photo.state === "failed" ? refusedArticle(photo) : photo.article ?? busyArticle();
  article.setAttribute("aria-busy", String(busy));
  showPicture(photo, article.querySelector(".frame"));
  return article;
};

const emptyArticle = () => {
  const article = made("article", "result");
  const view = made("div", "view");
  view.append(made("div", "frame"));
  const said = made("div", "said");
  article.append(view, said);
  return article;
};

const busyArticle = () => {
  const article = emptyArticle();
  const lines = made("div", "busy-lines");
  lines.append(...[1, 2, 3, 4].map(() => made("i")));
  article.lastChild.append(lines);
  return article;
};

const refusedArticle = (photo) => {
  const article = emptyArticle();
  article.classList.add("tone-failed");
  const line = made("p", "notice bad", photo.refusal.message);
  article.lastChild.append(made("p", "said-name", photo.name), line);
  if (photo.refusal.again || photo.refusal.status === 401) {
    const button = made("button", "button", words.again);
    button.type = "button";
    button.addEventListener("click", () => ask(photo));
    article.lastChild.append(button);
  }
  return article;
};

const showPicture = (photo, frame) => {
  photo.image ??= newImage(photo);
  if (photo.unseen) frame.append(made("span", "no-preview", words.no_preview));
  else if (photo.image.parentNode !== frame) frame.prepend(photo.image);
  if (photo.image.naturalWidth && photo.image.parentNode) enlarge(photo.image);
  placeTags(frame);
};

const newImage = (photo) => {
  const image = new Image();
  image.alt = fill(words.photo, { name: photo.name });
  image.addEventListener("load", () => {
    if (!image.parentNode) return;
    enlarge(image);
    placeTags(image.parentNode);
  });
  image.addEventListener("error", () => drawnByServer(photo), { once: true });
  image.src = photo.url;
  return image;
};

/* As large as there is room for, and small photos at twice their size; the very small ones show their pixels. */
const enlarge = (image) => {
  const { naturalWidth: width, naturalHeight: height } = image;
  const tiny = Math.max(width, height) < TINY;
  image.classList.toggle("tiny", tiny);
  image.parentNode.style.width = `min(100%, ${tiny ? "20rem" : `${2 * width}px`}, ${width / height} * var(--tall))`;
};

/* Browsers know fewer formats than models do: the server draws a small JPEG of the others. */
const drawnByServer = async (photo) => {
  try {
    await fitToServer(photo);
    const data = new FormData();
    data.append("file", photo.sent, photo.name);
    const reply = await send("page/picture", data);
    if (!reply.ok) throw new Refusal(words.no_preview);
    const address = URL.createObjectURL(await reply.blob());
    URL.revokeObjectURL(photo.url);
    photo.url = photo.image.src = address;
  } catch {
    photo.unseen = true;
    photo.image.remove();
  }
  refresh(photo);
};

/* ---- Names on the photo: beside their boxes, on no animal and not on one another ---- */

const overlap = (a, b) =>
  Math.max(0, Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x)) *
  Math.max(0, Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y));

const placesFor = (box, w, h) => [
  { x: box.x, y: box.y - h - 2 },
  { x: box.x, y: box.y + box.h + 2 },
  { x: box.x + box.w - w, y: box.y - h - 2 },
  { x: box.x + box.w - w, y: box.y + box.h + 2 },
  { x: box.x + box.w + 2, y: box.y },
  { x: box.x - w - 2, y: box.y },
  { x: box.x + box.w + 2, y: box.y + box.h - h },
  { x: box.x - w - 2, y: box.y + box.h - h },
];

const freePlace = (tag, box, taken, room) => {
  const w = tag.offsetWidth;
  const h = tag.offsetHeight;
  return placesFor(box, w, h)
    .map((place) => ({ ...place, w, h }))
    .find((place) =>
      place.x >= 0 && place.y >= 0 && place.x + w <= room.width && place.y + h <= room.height &&
      taken.every((other) => overlap(place, other) === 0));
};

const placeTag = (mark, box, taken, room, tags, full) => {
  const number = mark.dataset.number;
  const tag = made("span", `tag ${mark.getAttribute("class").match(/h\d/)[0]}`);
  tag.dataset.number = number;
  tag.dataset.score = mark.dataset.score;
  tags.append(tag);
  let place = null;
  for (const text of full ? [`${number} ${mark.dataset.name}`, number] : [number]) {
    tag.textContent = text;
    place = freePlace(tag, box, taken, room);
    if (place) break;
  }
  place ??= { x: box.x, y: box.y, w: tag.offsetWidth, h: tag.offsetHeight };
  tag.style.transform = `translate(${place.x}px, ${place.y}px)`;
  taken.push(place);
};

const placeTags = (frame) => {
  const marks = [...frame.querySelectorAll(".boxed")];
  frame.querySelector(".tags")?.remove();
  const image = frame.querySelector("img");
  const room = frame.getBoundingClientRect();
  if (!marks.length || !image?.complete || !room.width) return;
  const tags = made("div", "tags");
  tags.setAttribute("aria-hidden", "true");
  frame.append(tags);
  const boxes = marks.map((mark) => boxOf(mark, room));
  const taken = [...boxes];
  marks.forEach((mark, at) => placeTag(mark, boxes[at], taken, room, tags, marks.length <= NAMES_ON_PHOTO));
  marks.forEach((mark) => mark.querySelector("text")?.remove());
};

const boxOf = (mark, room) => {
  const rect = mark.querySelector("rect");
  const share = (name) => parseFloat(rect.getAttribute(name)) / 100;
  return { x: share("x") * room.width, y: share("y") * room.height, w: share("width") * room.width, h: share("height") * room.height };
};

new ResizeObserver(() => document.querySelectorAll("#results .frame").forEach(placeTags)).observe(byId("results") ?? document.body);

/* A name in the list and its box belong together. */
const lookAt = (event, on) => {
  const item = event.target.closest?.(".found > li");
  if (!item) return;
  const article = item.closest("article");
  article.querySelectorAll(`.boxed[data-number="${item.dataset.number}"]`).forEach((mark) => mark.classList.toggle("looked-at", on));
};
for (const [kind, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
  document.addEventListener(kind, (event) => lookAt(event, on));
}

/* ---- Several photos ---- */

const drawFilm = (photo) => {
  photo.film ??= newFilm(photo);
  const show = photo.film.querySelector(".film-show");
  show.querySelector(".film-said").textContent = filmSaid(photo);
  if (photo === current) show.setAttribute("aria-current", "true");
  else show.removeAttribute("aria-current");
};

const filmSaid = (photo) => {
  if (photo.state === "waiting") return words.waiting;
  if (photo.state === "asking") return words.asking;
  if (photo.state === "failed") return words.no_answer;
  return photo.article.querySelector(".headline > span").textContent.trim();
};

const newFilm = (photo) => {
  const film = made("li", "film");
  const show = made("button", "film-show");
  show.type = "button";
  const picture = made("span", "film-picture");
  const image = new Image();
  image.alt = "";
  image.addEventListener("error", () => image.remove());
  image.src = photo.url;
  picture.append(image);
  const text = made("span", "film-text");
  text.append(made("span", "film-said"), made("span", "film-name", photo.name));
  show.append(picture, text);
  show.addEventListener("click", () => look(photo));
  const remove = made("button", "film-remove", "×");
  remove.type = "button";
  remove.setAttribute("aria-label", fill(words.remove, { name: photo.name }));
  remove.addEventListener("click", () => drop(photo));
  film.append(show, remove);
  byId("films").append(film);
  return film;
};

const drawProgress = () => {
  const done = photos.filter((photo) => photo.state === "done" || photo.state === "failed").length;
  byId("strip").hidden = photos.length < 2;
  byId("progress").textContent = fill(words.progress, { done, total: photos.length });
};

const look = (photo) => {
  const before = current;
  current = photo;
  if (before && before !== photo) drawFilm(before);
  refresh(photo);
};

const drop = (photo) => {
  const at = photos.indexOf(photo);
  photos.splice(at, 1);
  photo.round = 0;
  photo.film.remove();
  URL.revokeObjectURL(photo.url);
  if (photo === current) {
    current = null;
    const neighbour = photos[Math.min(at, photos.length - 1)];
    if (neighbour) {
      look(neighbour);
      neighbour.film.querySelector(".film-show").focus();
    }
  }
  drawProgress();
  if (!photos.length) begin();
};

const clear = () => {
  for (const photo of [...photos]) {
    photos.splice(photos.indexOf(photo), 1);
    photo.round = 0;
    photo.film?.remove();
    URL.revokeObjectURL(photo.url);
  }
  current = null;
  begin();
};

const begin = () => {
  byId("results").replaceChildren();
  byId("answer").hidden = true;
  byId("strip").hidden = true;
  document.documentElement.classList.remove("has-photos");
  if (byId("examples")) byId("fault").before(byId("examples"));
  byId("file").focus();
};

/* ---- Taking photos in ---- */

const add = (files) => {
  const fresh = [...files].map((file) => ({
    file, name: file.name || words.pasted, url: URL.createObjectURL(file), state: "waiting", round: 0,
  }));
  if (!fresh.length) return;
  fault("");
  if (!photos.length) byId("results").replaceChildren();
  photos.push(...fresh);
  byId("answer").hidden = false;
  document.documentElement.classList.add("has-photos");
  // Whoever tries one example wants to try the next, and to see the answer first.
  if (byId("examples")) byId("answer").after(byId("examples"));
  fresh.forEach(drawFilm);
  look(fresh[0]);
  next();
  byId("answer").scrollIntoView({ block: "nearest" });
};

const tell = (sentence) => { byId("told").textContent = sentence; };

const addExample = async (button) => {
  try {
    const reply = await fetch(`page/examples/${button.value}`);
    if (!reply.ok) throw new Refusal(words.gone);
    const blob = await reply.blob();
    add([new File([blob], button.dataset.name, { type: blob.type })]);
  } catch {
    fault(words.gone);
  }
};

const fault = (sentence) => {
  byId("fault").textContent = sentence;
  byId("fault").hidden = !sentence;
};

const listenForPhotos = () => {
  for (const input of [byId("file"), byId("camera")]) {
    input.addEventListener("change", () => {
      add(input.files);
      input.value = "";
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.classList.contains("example")) addExample(event.submitter);
    else if (photos.length) askAllAgain();
    else byId("file").focus();
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) {
      event.preventDefault();
      add(files);
    }
  });
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0;
  const mark = () => document.documentElement.classList.toggle("dragging", depth > 0);
  addEventListener("dragenter", (event) => { if (carries(event)) { depth += 1; mark(); } });
  addEventListener("dragleave", (event) => { if (carries(event)) { depth = Math.max(0, depth - 1); mark(); } });
  addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    depth = 0;
    mark();
    if (!carries(event)) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
};

/* ---- Model, threshold, key ---- */

const percent = (share) => new Intl.NumberFormat(facts.language, { style: "percent" }).format(share);

const showThreshold = () => { byId("threshold-value").textContent = percent(byId("threshold").value); };

/* While the handle moves, boxes that would go fade; when it rests, the model is asked again. */
const fade = () => {
  const least = Number(byId("threshold").value);
  document.querySelectorAll("#results [data-score]").forEach((one) =>
    one.classList.toggle("faded", Number(one.dataset.score) < least));
  showThreshold();
};

const useModel = () => {
  const name = chosenModel();
  const boxes = boxesOf(name);
  byId("limit").hidden = !boxes;
  if (boxes) {
    byId("threshold").min = boxes.least;
    byId("threshold").value = boxes.usual;
    delete byId("threshold").dataset.moved;
    showThreshold();
  }
  document.querySelectorAll(".model").forEach((panel) => { panel.hidden = panel.dataset.model !== name; });
  document.querySelectorAll(".tongues a").forEach((link) => {
    const address = new URL(link.href);
    address.searchParams.set("model", name);
    link.href = address;
  });
};

const listenForWishes = () => {
  byId("model").addEventListener("change", () => {
    useModel();
    askAllAgain();
  });
  byId("threshold").addEventListener("input", fade);
  byId("threshold").addEventListener("change", () => {
    byId("threshold").dataset.moved = "yes";
    askAllAgain();
  });
  byId("start-over").addEventListener("click", clear);
  const key = byId("key");
  if (!key) return;
  key.value = sessionStorage.getItem(KEY) ?? "";
  key.addEventListener("change", () => {
    sessionStorage.setItem(KEY, key.value.trim());
    if (photos.some((photo) => photo.state === "failed")) askAllAgain();
  });
};

/* ---- Copying ---- */

const copyText = async (pre) => {
  // Pages that are not served over HTTPS have no clipboard of the new kind.
  if (navigator.clipboard) return navigator.clipboard.writeText(pre.textContent);
  getSelection().selectAllChildren(pre);
  document.execCommand("copy");
  return undefined;
};

const listenForCopies = () => {
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await copyText(button.closest(".snippet").querySelector("pre"));
      button.textContent = words.copied;
      setTimeout(() => { button.textContent = words.copy; }, 2000);
    });
  }
};

if (form) {
  document.documentElement.classList.add("live");
  listenForPhotos();
  listenForWishes();
  listenForCopies();
  if (boxesOf(chosenModel())) showThreshold();
}
