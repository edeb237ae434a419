// Keeps what a person is typing while an answer from the server replaces the form around it, and shows the
// print button where it works. Everything else works without this file.
"use strict";

(() => {
  const TYPED = new Set(["text", "number", "date", "search", "datetime-local"]);
  let held = null;

  document.addEventListener("htmx:beforeSwap", () => {
    const field = document.activeElement;
    held = field && field.id && TYPED.has(field.type) ? { id: field.id, value: field.value } : null;
  });

  document.addEventListener("htmx:afterSettle", () => {
    if (!held) return;
    const { id, value } = held;
    held = null;
    const field = document.getElementById(id);
    if (!field || field.value === value) return;
    field.value = value;
    // The browser no longer knows that this text is new, so it is sent on leaving the field.
    field.addEventListener("blur", () => field.dispatchEvent(new Event("change", { bubbles: true })), { once: true });
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
