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

  /* A map of photos: the nearest point under the pointer, or the next one in the direction of an arrow key. */
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  const bringToLife = (figure) => {
    const field = figure.querySelector(".scatter-field");
    const svg = field.querySelector("svg");
    const card = field.querySelector(".scatter-card");
    const sprite = figure.querySelector(".sprite");
    const names = JSON.parse(figure.dataset.names);
    const kinds = JSON.parse(figure.dataset.kinds);
    const side = Number(figure.dataset.side);
    const columns = Number(figure.dataset.columns);
    const points = [...svg.querySelectorAll("path[data-k]")].map((mark, number) => {
      const [x, y] = mark.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
      return { mark, number, x, y, kind: Number(mark.dataset.k), hidden: false };
    });
    const total = svg.viewBox.baseVal.width;
    let current = null;

    const hide = () => {
      if (current) current.mark.classList.remove("looked-at");
      current = null;
      card.hidden = true;
    };

    const drawPhoto = (point) => {
      const canvas = card.querySelector("canvas");
      canvas.hidden = !sprite;
      if (!sprite) return;
      const left = (point.number % columns) * side;
      const top = Math.floor(point.number / columns) * side;
      canvas.getContext("2d").drawImage(sprite, left, top, side, side, 0, 0, canvas.width, canvas.height);
    };

    const showPoint = (point, aloud) => {
      if (current) current.mark.classList.remove("looked-at");
      current = point;
      point.mark.classList.add("looked-at");
      drawPhoto(point);
      card.querySelector(".scatter-kind").textContent = kinds[point.kind];
      card.querySelector(".file").textContent = names[point.number];
      card.hidden = false;
      const scale = svg.getBoundingClientRect().width / total;
      const room = field.getBoundingClientRect();
      const x = point.x * scale;
      const y = point.y * scale;
      card.style.left = `${Math.max(0, Math.min(x + 14, room.width - card.offsetWidth))}px`;
      const below = y + 14 + card.offsetHeight <= room.height;
      card.style.top = `${below ? y + 14 : Math.max(0, y - 14 - card.offsetHeight)}px`;
      if (aloud) figure.querySelector("[data-told]").textContent = `${kinds[point.kind]}, ${names[point.number]}`;
    };

    const nearest = (x, y, cost) => {
      let best = null;
      let least = Infinity;
      for (const point of points) {
        if (point.hidden) continue;
        const price = cost(point.x - x, point.y - y);
        if (price < least) { least = price; best = point; }
      }
      return best;
    };

    field.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const scale = total / box.width;
      const x = (event.clientX - box.left) * scale;
      const y = (event.clientY - box.top) * scale;
      const reach = (18 * scale) ** 2;
      const point = nearest(x, y, (dx, dy) => (dx * dx + dy * dy < reach ? dx * dx + dy * dy : Infinity));
      if (point && point !== current) showPoint(point, false);
      if (!point) hide();
    });
    field.addEventListener("pointerleave", hide);
    field.addEventListener("blur", hide);
    field.addEventListener("focus", () => {
      if (field.matches(":focus-visible") && !current) {
        const first = nearest(total / 2, total / 2, (dx, dy) => dx * dx + dy * dy);
        if (first) showPoint(first, true);
      }
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hide();
      const way = WAYS[event.key];
      if (!way) return;
      event.preventDefault();
      const from = current || { x: total / 2, y: total / 2 };
      const next = nearest(from.x, from.y, (dx, dy) => {
        const ahead = dx * way[0] + dy * way[1];
        const aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
        return ahead > 0 && (dx || dy) ? ahead + 2 * aside : Infinity;
      });
      if (next) showPoint(next, true);
    });

    const buttons = [...figure.querySelectorAll(".legend button")];
    const all = figure.querySelector(".legend-all");
    const filter = () => {
      const chosen = new Set(
        buttons.filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => Number(one.dataset.kind)));
      for (const point of points) {
        point.hidden = chosen.size > 0 && !chosen.has(point.kind);
        point.mark.classList.toggle("faded", point.hidden);
        if (chosen.size && !point.hidden) svg.append(point.mark);
      }
      all.hidden = chosen.size === 0;
      hide();
    };
    buttons.forEach((button) => button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      filter();
    }));
    all.addEventListener("click", () => {
      buttons.forEach((button) => button.setAttribute("aria-pressed", "false"));
      filter();
      buttons[0].focus();
    });
  };

  document.querySelectorAll(".scatter").forEach(bringToLife);

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
