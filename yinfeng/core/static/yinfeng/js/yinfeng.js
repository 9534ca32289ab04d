/* The desk's small behaviours. Every page works without them. */
(() => {
  "use strict";

  const html = document.documentElement;
  const body = document.body;
  const said = body.dataset; // translated sentences
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const target = event.target.closest?.(selector);
      if (target) act(event, target);
    });

  html.classList.add("yf-js");

  /* --- navigation: drawer on small screens, narrow by choice on wide ones --- */

  const nav = find("#nav");
  const drawer = (open) => {
    nav.classList.toggle("is-open", open);
    if (open) find("a, button, summary", nav).focus();
    else find("[data-nav-open]").focus();
  };

  on("click", "[data-nav-open]", (event) => {
    event.preventDefault();
    drawer(true);
  });
  on("click", "[data-nav-close]", (event) => {
    event.preventDefault();
    drawer(false);
  });
  on("click", "[data-nav-narrow]", (event, button) => {
    const narrow = body.classList.toggle("yf-narrow");
    button.setAttribute("aria-pressed", narrow);
    button.blur();
    document.cookie = `yf_nav=${narrow ? "narrow" : "wide"};path=/;max-age=31536000;samesite=lax`;
  });

  const folded = new Set(JSON.parse(localStorage.getItem("yf_folded") || "[]"));
  all("[data-section]").forEach((section) => {
    const key = section.dataset.section;
    if (folded.has(key) && !find("[aria-current]", section)) section.open = false;
    section.addEventListener("toggle", () => {
      if (section.open) folded.delete(key);
      else folded.add(key);
      localStorage.setItem("yf_folded", JSON.stringify([...folded]));
    });
  });

  /* --- menus: one open at a time, closed by Escape or a click elsewhere --- */

  document.addEventListener("click", (event) => {
    all(".yf-menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    if (!event.target.closest(".yf-search")) suggest(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      all(".yf-menu[open]").forEach((menu) => {
        menu.open = false;
        find("summary", menu).focus();
      });
      if (nav?.classList.contains("is-open")) drawer(false);
    }
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && box?.offsetParent) {
      event.preventDefault();
      box.focus();
    }
  });

  /* --- messages: they stay until somebody closes them --- */

  function say(text, tone) {
    const toast = document.createElement("div");
    toast.className = "yf-toast";
    toast.dataset.tone = tone;
    const sentence = document.createElement("div");
    sentence.className = "yf-toast__text";
    sentence.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "yf-icon-button";
    close.dataset.dismiss = "";
    close.setAttribute("aria-label", said.close);
    close.innerHTML = '<i class="ti ti-x" aria-hidden="true"></i>';
    toast.append(sentence, close);
    find("#toasts").append(toast);
  }

  on("click", "[data-dismiss]", (event, button) => button.closest(".yf-toast").remove());
  document.addEventListener("htmx:sendError", () => say(said.offline, "danger"));
  document.addEventListener("htmx:responseError", (event) => {
    let sentence = said.failed;
    try {
      sentence = JSON.parse(event.detail.xhr.responseText).sentence || sentence;
    } catch {
      const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
      sentence = find(".yf-fault p", page)?.textContent || sentence;
    }
    say(sentence, "danger");
  });

  /* --- global search: a combobox over the suggestions that htmx brings --- */

  const box = find("#search");
  const list = find("#search-suggestions");
  const options = () => all("[role=option]", list);

  function suggest(open) {
    if (!list) return;
    list.hidden = !open || !options().length;
    box.setAttribute("aria-expanded", !list.hidden);
    if (list.hidden) box.removeAttribute("aria-activedescendant");
  }

  function choose(step) {
    const found = options();
    const now = found.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const next = found[(now + step + found.length + (now < 0 && step < 0 ? 1 : 0)) % found.length];
    found.forEach((option) => option.setAttribute("aria-selected", option === next));
    next.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", next.id);
  }

  list?.addEventListener("htmx:afterSwap", () => {
    options().forEach((option, index) => (option.id = `suggestion-${index}`));
    suggest(box.value.trim() !== "" && document.activeElement === box);
  });
  box?.addEventListener("focus", () => suggest(box.value.trim() !== ""));
  box?.addEventListener("keydown", (event) => {
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options().length) {
      event.preventDefault();
      suggest(true);
      choose(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !list.hidden) {
      const chosen = find("[aria-selected=true]", list);
      if (chosen) {
        event.preventDefault();
        location.assign(chosen.href);
      }
    } else if (event.key === "Escape" || event.key === "Tab") suggest(false);
  });

  /* --- lists: whole row opens its first link, picking rows, header that sticks when the table fits --- */

  on("click", ".yf-list tbody tr", (event, row) => {
    if (event.target.closest("a, button, input, label, .yf-pick") || String(getSelection())) return;
    const link = find("td a[href]", row);
    if (!link) return;
    if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
    else link.click();
  });

  function count(form) {
    const picks = all("input[name=pk]", form);
    const picked = picks.filter((pick) => pick.checked);
    picks.forEach((pick) => pick.closest("tr").classList.toggle("is-picked", pick.checked));
    form.classList.toggle("has-picked", picked.length > 0);
    find("[data-bulk-count]", form).textContent = said.selected.replace("{n}", picked.length);
    const whole = find("[data-select-all]", form);
    whole.checked = picked.length === picks.length;
    whole.indeterminate = picked.length > 0 && !whole.checked;
  }

  on("change", "[data-bulk] input[type=checkbox]", (event, pick) => {
    const form = pick.form;
    if (pick.matches("[data-select-all]")) all("input[name=pk]", form).forEach((other) => (other.checked = pick.checked));
    count(form);
  });
  on("click", "[data-select-none]", (event, button) => {
    all("input[name=pk]", button.form).forEach((pick) => (pick.checked = false));
    count(button.form);
  });

  function fit() {
    all(".yf-tablewrap").forEach((wrap) => {
      wrap.classList.remove("is-fitting");
      const fits = wrap.scrollWidth <= wrap.clientWidth;
      wrap.classList.toggle("is-fitting", fits);
      if (fits) wrap.removeAttribute("tabindex");
      else wrap.tabIndex = 0;
    });
  }
  addEventListener("resize", fit);

  /* --- forms --- */

  const drop = (name, value) => value === "" || value === "unknown"; // “unknown”: Django’s “either” of yes and no

  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches("form[data-clean]")) return;
    const { parameters } = event.detail;
    [...new Set(Object.keys(parameters))].forEach((name) => {
      if (drop(name, parameters[name])) delete parameters[name];
    });
  });

  /* What follows from the value of another field (data-when="name=value") appears behind it once that is given. Without
     scripts the form asks for it when it is sent. */
  all("template[data-when]").forEach((template) => {
    const [name, value] = template.dataset.when.split("=");
    const flag = template.closest("form").elements[name];
    const fields = [...template.content.children];
    const follow = () => {
      fields.forEach((field) => field.remove());
      if (flag.value === value) flag.closest(".yf-field").after(...fields);
    };
    flag.addEventListener("change", follow);
    follow();
  });

  let changed = false;
  on("input", "form[data-guard]", () => (changed = true));
  on("submit", "form", (event, form) => {
    if (form.matches("[data-guard]")) changed = false;
    if (form.matches("[data-clean]")) all("input, select", form).forEach((field) => (field.disabled = drop(field.name, field.value)));
    if (form.matches("[data-once]")) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    }
  });
  addEventListener("pageshow", () => {
    all("form[data-sent]").forEach((form) => delete form.dataset.sent);
    all("form[data-clean] :disabled").forEach((field) => (field.disabled = false));
  });
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });

  on("click", "[data-print]", () => print());
  on("focusin", "[data-select]", (event, field) => field.select());

  /* --- on every piece of page, new or swapped in --- */

  function dress(root) {
    all("select[data-search]", root).forEach((select) => {
      if (select.tomselect) return;
      const url = select.dataset.searchUrl;
      select.setAttribute("aria-hidden", "true"); // the box tom-select puts beside it takes over its label
      const box = new TomSelect(select, {
        plugins: select.multiple
          ? { remove_button: { title: said.clear } }
          : find("option[value='']", select) && { clear_button: { title: said.clear } },
        placeholder: find("option[value='']", select)?.text,
        maxOptions: 200,
        searchField: ["text"],
        render: { no_results: () => `<div class="no-results">${said.noResults}</div>` },
        ...(url && {
          valueField: "value",
          labelField: "text",
          load: (query, done) =>
            fetch(`${url}?q=${encodeURIComponent(query)}`, { headers: { Accept: "application/json" } })
              .then((answer) => answer.json())
              .then(done, () => done()),
        }),
      });
      // What one types to find an option is no input of the form.
      box.wrapper.addEventListener("input", (event) => event.stopPropagation());
    });
    fit();
  }

  document.addEventListener("htmx:load", (event) => dress(event.target));
  dress(document);
  find("[data-focus]")?.focus();
})();
