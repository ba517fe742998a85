/* Copy buttons. They are hidden without JavaScript: every text that they copy also stands on a formula's page. */
(function () {
  "use strict";

  const status = document.createElement("div");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  document.body.append(status);

  // The clipboard API exists on https and localhost only.
  function byHand(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("copy refused"));
  }

  function put(text) {
    return navigator.clipboard ? navigator.clipboard.writeText(text).catch(() => byHand(text)) : byHand(text);
  }

  function say(button, words) {
    const label = button.dataset.label || button.textContent;
    button.dataset.label = label;
    button.textContent = words;
    status.textContent = words;
    window.setTimeout(() => {
      button.textContent = label;
      status.textContent = "";
    }, 1600);
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      put(button.dataset.copy).then(
        () => say(button, button.dataset.copied),
        () => say(button, button.dataset.failed),
      );
    });
  }
})();
