(() => {
  "use strict";
  const byName = new Intl.Collator(document.documentElement.lang || undefined, { numeric: true });

  const keyOf = (row, column, numeric) => {
    const cell = row.cells[column];
    const sort = cell.dataset.sort;
    if (sort !== undefined) return sort === "" ? null : Number(sort);
    const text = cell.textContent.trim();
    if (!numeric) return text;
    const plain = text.replace(/[\s\u00a0\u202f%<>]/g, "");
    const point = document.documentElement.lang.startsWith("fr") ? plain.replace(",", ".") : plain.replace(/,/g, "");
    const value = parseFloat(point);
    return Number.isNaN(value) ? null : value;
  };

  const compare = (a, b, up) => {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "number" ? a - b : byName.compare(a, b);
    return up ? order : -order;
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.tHead.rows[0].cells];
    if (table.tBodies[0].rows.length < 3) continue;
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const numeric = head.classList.contains("number");
        const before = head.getAttribute("aria-sort");
        const up = before ? before === "descending" : !numeric;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row, column, numeric), row]);
        rows.sort((one, two) => compare(one[0], two[0], up));
        table.tBodies[0].append(...rows.map((pair) => pair[1]));
      });
    });
  }

  const look = document.getElementById("look");
  const stage = look.querySelector(".look-picture");
  const words = look.querySelector(".look-words");
  const name = look.querySelector(".look-name");
  let shown = null;

  const show = (thumb) => {
    shown = thumb;
    const picture = thumb.closest(".picture");
    const image = new Image();
    image.src = thumb.querySelector("img").src;
    image.alt = "";
    stage.replaceChildren(image);
    name.textContent = picture.querySelector(".file").textContent;
    const copies = picture.querySelectorAll(".mark, dl");
    words.replaceChildren(...[...copies].map((node) => node.cloneNode(true)));
    words.className = "look-words " + picture.className;
    if (!look.open) look.showModal();
  };

  const step = (by) => {
    const all = [...shown.closest(".gallery").querySelectorAll("button.thumb")];
    show(all[(all.indexOf(shown) + by + all.length) % all.length]);
  };

  document.querySelectorAll("button.thumb").forEach((thumb) => thumb.addEventListener("click", () => show(thumb)));
  look.querySelectorAll(".look-step").forEach((button) =>
    button.addEventListener("click", () => step(Number(button.dataset.step))));
  look.querySelector(".look-close").addEventListener("click", () => look.close());
  look.addEventListener("click", (event) => { if (event.target === look) look.close(); });
  look.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    if (event.key === "ArrowLeft") step(-1);
  });
  look.addEventListener("close", () => { if (shown) shown.focus(); });

  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
  const seen = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) seen.add(entry.target); else seen.delete(entry.target);
    }
    const sections = [...document.querySelectorAll("main > section")];
    const first = sections.find((section) => seen.has(section));
    links.forEach((link, id) => {
      if (first && id === first.id) {
        link.setAttribute("aria-current", "true");
        const strip = link.closest(".contents");
        strip.scrollLeft += link.getBoundingClientRect().left - strip.getBoundingClientRect().left - 20;
      }
      else link.removeAttribute("aria-current");
    });
  }, { rootMargin: "-10% 0px -70% 0px" });
  document.querySelectorAll("main > section").forEach((section) => watcher.observe(section));
})();
