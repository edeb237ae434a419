// Keeps what a person is typing while an answer from the server replaces the form around it, and shows the
// print button where it works. The back button finds the answers as they were left. Everything else works without this file.
"use strict";

(() => {
  const TYPED = new Set(["text", "number", "date", "search", "datetime-local"]);
  let held = null;

  document.addEventListener("htmx:beforeSwap", () => {
    const field = document.activeElement;
    held = field && field.id && TYPED.has(field.type) ? { id: field.id, value: field.value } : null;
  });

  document.addEventListener("htmx:afterSettle", () => {
    keep();
    if (!held) return;
    const { id, value } = held;
    held = null;
    const field = document.getElementById(id);
    if (!field || field.value === value) return;
    field.value = value;
    // The browser no longer knows that this text is new, so it is sent on leaving the field.
    field.addEventListener("blur", () => field.dispatchEvent(new Event("change", { bubbles: true })), { once: true });
  });

  // The browser's history knows a page as it first came, without the answers given since: they are kept beside it.
  // Keeping them makes going back ask for the start page, which sends them on.
  const keep = () => {
    const form = document.getElementById("facts");
    if (!form) return;
    const answers = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    history.replaceState({ answers }, "");
  };
  keep();
  const start = document.querySelector("form.start");
  const kept = history.state && history.state.answers;
  if (start && kept) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = start.action;
    form.hidden = true;
    const token = start.elements.namedItem("csrfmiddlewaretoken").value;
    for (const [name, value] of [...kept, ["csrfmiddlewaretoken", token]]) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
