// Says at once that a file is too large, before it is sent. The server says so too.
"use strict";

for (const field of document.querySelectorAll("input[type=file][data-most-bytes]")) {
  field.addEventListener("change", () => {
    const size = [...field.files].reduce((sum, file) => sum + file.size, 0);
    field.setCustomValidity(size > Number(field.dataset.mostBytes) ? field.form.dataset.tooLarge : "");
    field.reportValidity();
  });
}
