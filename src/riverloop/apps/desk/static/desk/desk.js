// Arrow keys go from row to row of a list while one of its rows has the focus. Everything works without this file.
"use strict";

(() => {
  const list = document.querySelector("[data-rows]");
  if (!list) return;
  const links = [...list.querySelectorAll("tbody th > a")];
  const keys = document.querySelector("[data-keys]");
  if (keys && links.length) keys.hidden = false;

  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const place = links.indexOf(document.activeElement);
    if (place < 0) return;
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: links.length - 1 }[event.key];
    if (next === undefined || !links[next]) return;
    event.preventDefault();
    links[next].focus();
  });
})();
