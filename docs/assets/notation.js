/* Shows the formulas of a page in the notation that the reader chooses; see docs/hooks/notations.py.

   The script in the head has already begun to fetch what a remembered choice needs, and keeps the page hidden until this
   one has it, but for two seconds at most. This one may run before the page is whole: formulas get their notation in
   the frame in which they arrive, so that none is seen in another. Without JavaScript, all of them stand in the site's
   own notation. */
(function () {
  "use strict";

  const page = window.lstmrefNotation;
  if (!page) return;
  const root = document.documentElement;
  const own = new Map(); // what an element has in the site's own notation
  let files = {}; // by cell, what belongs to the notation that is shown
  let shown = "";
  let problem = ""; // the notation that could not be loaded
  let followed = 0; // so many of the marked elements have the notation that is shown
  let turn = 0; // grows with every choice: what arrives for an older one is dropped
  let select = null;

  const whole = () => document.readyState !== "loading";

  function put(element) {
    const [cell, key] = (element.dataset.math || element.dataset.tex).split(":");
    const file = files[cell];
    const isMath = element.dataset.math !== undefined;
    const isCopy = element.dataset.copy !== undefined;
    let text = isMath ? file?.math[key]?.map((piece) => file.pieces[piece]).join("") : file?.tex[key];
    if (text === undefined) {
      if (!own.has(element)) return;
      text = own.get(element);
    }
    if (!own.has(element)) {
      own.set(element, isMath ? element.innerHTML : isCopy ? element.dataset.copy : element.textContent);
    }
    if (isMath) element.innerHTML = text;
    else if (isCopy) element.dataset.copy = text;
    else element.textContent = text;
  }

  function follow() {
    const marked = document.querySelectorAll("[data-math], [data-tex]");
    // The last one may still lack its end.
    const end = marked.length - (whole() ? 0 : 1);
    for (; followed < end; followed++) put(marked[followed]);
  }

  function tell() {
    select.value = shown;
    for (const note of document.querySelectorAll(".notation [data-of]")) note.hidden = note.dataset.of !== shown;
    const failed = document.querySelector(".notation [data-failed]");
    const name = problem && select.querySelector(`option[value="${problem}"]`).textContent;
    failed.textContent = problem ? failed.dataset.failed.replace("{notation}", name) : "";
    failed.hidden = !problem;
  }

  /* What the reader looks at stays where it is, whatever happens to the height of what stands above. */
  function inPlace(change) {
    const header = document.querySelector(".md-header");
    const top = (header ? header.getBoundingClientRect().bottom : 0) + 8;
    const article = document.querySelector(".md-content__inner").getBoundingClientRect();
    const found = document.elementFromPoint(article.left + article.width / 2, top);
    const anchor = found && (found.closest("[data-math], figure, li, tr, p, h1, h2, h3") || found);
    const before = anchor && anchor.getBoundingClientRect().top;
    root.style.overflowAnchor = "none"; // the browser must not do the same once more
    change();
    if (anchor) window.scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: "instant" });
    requestAnimationFrame(() => requestAnimationFrame(() => root.style.removeProperty("overflow-anchor")));
  }

  function show(name, found) {
    inPlace(() => {
      [shown, files, problem, followed] = [name, found, "", 0];
      follow();
      tell();
    });
  }

  async function choose(name) {
    const mine = ++turn;
    try {
      const found = await page.load(name);
      if (mine === turn) show(name, found);
    } catch {
      if (mine !== turn) return;
      problem = name;
      inPlace(tell);
    }
  }

  function chosen() {
    // A later reload follows the choice, not the address by which the reader came.
    const address = new URL(location.href);
    if (address.searchParams.has("notation")) {
      address.searchParams.delete("notation");
      history.replaceState(history.state, "", address);
    }
    // At once, for the reader may leave before the formulas are here; if they fail to come, the next page tries again.
    page.remember(select.value);
    choose(select.value);
  }

  /* The list to choose from, once all of what belongs to it is here. */
  function control() {
    const bar = document.querySelector(".notation");
    return bar && (bar.nextElementSibling || whole()) ? document.getElementById("notation-choice") : null;
  }

  /* Before each frame until the page is whole. */
  function frame() {
    follow();
    if (!select && (select = control())) {
      tell();
      select.addEventListener("change", chosen);
    }
    if (select && root.dataset.notation && (whole() || root.scrollHeight > 1.25 * window.innerHeight)) reveal();
    if (!whole()) requestAnimationFrame(frame);
  }

  /* Two frames later: by then what is in view has been laid out, formulas at their true height, and stays in place. */
  function reveal() {
    const show = () => {
      clearTimeout(page.timer);
      delete root.dataset.notation;
    };
    requestAnimationFrame(() => requestAnimationFrame(show));
  }

  /* What was not waited for any longer has come after all, and the reader has not chosen otherwise. */
  function arrived(found) {
    if (turn) return;
    if (select) show(page.name, found);
    else [shown, files, problem, followed] = [page.name, found, "", 0];
  }

  async function begin() {
    if (page.name) {
      let found = {};
      try {
        found = await Promise.race([page.first, page.late]);
      } catch {
        found = null;
      }
      if (found) [shown, files] = [page.name, found];
      else {
        problem = page.name;
        page.first.then(arrived, () => {});
      }
    }
    frame();
    document.addEventListener("DOMContentLoaded", frame); // a page in the background has no frames
  }

  // Another tab has chosen, or a page comes back from the browser's cache.
  function recall() {
    const name = page.recall();
    if (select && name !== null && name !== shown) choose(name);
  }
  window.addEventListener("storage", (event) => event.key === page.key && recall());
  window.addEventListener("pageshow", (event) => event.persisted && recall());
  begin();
})();
