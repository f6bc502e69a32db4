"use strict";
// The live page: charts drawn by Vega in place of the still ones, and the panel that moves what the costs stand on.
// It asks nobody for anything, and makes no code from text: the page's policy forbids both.
(() => {
  const THIN = "\u202f"; // the narrow space that does not break
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  function made(tag, kind, words = "") {
    const element = document.createElement(tag);
    element.className = kind;
    element.textContent = words;
    return element;
  }

  // -- words, as chipbrief_reports.wording writes them ---------------------------------------------------------

  function number(value, digits = 2) {
    const rounded = Number(value.toPrecision(digits));
    if (rounded === 0) return "0";
    const places = Math.max(digits - 1 - Math.floor(Math.log10(Math.abs(rounded))), 0);
    const [whole, rest] = rounded.toFixed(places).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN).replace("-", "\u2212");
    return rest ? `${grouped}.${rest}` : grouped;
  }

  const UNITS = {
    percent: value => `${number(value * 100)} %`,
    usd: value => `$${number(value, 3)}`,
    usd_kwh: value => `$${value.toFixed(3)}/kWh`,
    years: value => `${Number(value.toFixed(2))} y`,
    ratio: value => value.toFixed(2),
  };

  function joined(words) {
    return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
  }

  const midsentence = name => (name.slice(0, 2) === name.slice(0, 2).toUpperCase() ? name : name[0].toLowerCase() + name.slice(1));

  // -- money: the lines of the cost model, coefficient x drivers -----------------------------------------------

  // CRF(r, n) = r / (1 - (1 + r)^-n), and 1/n without interest (C1); exact for small r too.
  function capitalRecoveryFactor(rate, years) {
    return rate === 0 ? 1 / years : rate / -Math.expm1(-years * Math.log1p(rate));
  }

  // Yearly payment for a dollar of price: all but the present value of what the end of the life brings (C1).
  function capitalRecovery({ discount_rate, cost_of_capital, at_the_end }, years) {
    return capitalRecoveryFactor(discount_rate, years) * (1 - at_the_end * (1 + cost_of_capital) ** -years);
  }

  // The drivers at some settings; the economic life acts through the recovery of capital alone.
  function driversAt(model, settings) {
    const drivers = { ...model.drivers };
    for (const [name, value] of Object.entries(settings)) if (name in drivers) drivers[name] = value;
    if (settings.economic_life !== model.today.economic_life)
      drivers.capital_recovery_per_year = capitalRecovery(model.recovery, settings.economic_life);
    return drivers;
  }

  function product(line, drivers, load) {
    return line.drivers.reduce((usd, name) => usd * (name === "load" ? load : drivers[name]), line.coefficient);
  }

  function hourly(model, parts, drivers, load) {
    const sum = key => model.lines[key].reduce((usd, line) => usd + product(line, drivers, load), 0);
    return parts.reduce((usd, [key, systems]) => usd + systems * sum(key), 0);
  }

  // USD/h / (tok/s x 3600) x 1e6 / utilisation (C2); a list price is what it is.
  function price(model, offer, drivers, utilisation) {
    if (offer.list_price) return offer.usd_mtok;
    return hourly(model, offer.parts, drivers, utilisation) / (offer.tok_s * 3600) * 1e6 / utilisation;
  }

  // A class's month on the replicas that its peak takes (C3).
  const month = (model, offer, drivers) => offer.month_hours * hourly(model, offer.month_parts, drivers, offer.month_load);

  // -- the tip of a mark ---------------------------------------------------------------------------------------

  const tip = document.body.appendChild(made("div", "tip"));
  const said = document.body.appendChild(made("div", "unseen"));
  tip.hidden = true;
  tip.setAttribute("role", "tooltip");
  said.setAttribute("role", "status");

  let anchor = null; // the mark that a keyboard has stepped to; its tip goes where it goes

  function showTip(words, basis, x, y) {
    const { title, ...rest } = words;
    const lines = Object.entries(rest).map(([key, text]) => made("p", key === "Source" ? "tip-basis" : "", `${key}: ${text}`));
    tip.replaceChildren(made("p", "", title), ...lines, ...(words.Source ? [] : [made("p", "tip-basis", basis)]));
    tip.hidden = false;
    placeTip(x, y);
  }

  function placeTip(x, y) {
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${y + 18 + height > innerHeight ? Math.max(8, y - height - 12) : y + 18}px`;
  }

  function middle(mark) {
    const box = mark.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  }

  function hideTips() {
    tip.hidden = true;
    anchor = null;
    said.textContent = "";
    for (const chart of charts.values()) point(chart, "");
  }

  // -- charts --------------------------------------------------------------------------------------------------

  const charts = new Map();

  function point(chart, who) {
    if (chart.who === who) return;
    chart.who = who;
    chart.view.signal("chosen", who).runAsync();
  }

  async function draw(figure) {
    const spec = JSON.parse(figure.querySelector("script.spec").textContent);
    const [live, still] = [figure.querySelector(".live"), figure.querySelector(".still")];
    const chart = { spec, who: "" };
    const basis = figure.querySelector(".caption-subtitle")?.textContent ?? "";
    const signals = (spec.params ?? []).map(parameter => parameter.name);
    const tooltip = (_, event, item, words) => {
      if (!chart.view) return;
      anchor = null;
      if (words?.title) showTip(words, basis, event.clientX, event.clientY);
      else tip.hidden = true;
      if (signals.includes("chosen")) point(chart, words?.title ? item.datum.who ?? "" : "");
    };
    const options = { mode: "vega-lite", ast: true, renderer: "svg", actions: false, defaultStyle: false, tooltip, config: { aria: false } };
    chart.view = (await vegaEmbed(live, structuredClone(spec), options)).view; // a copy: Vega marks the rows as its own
    named(live.querySelector("svg"), still.querySelector("title").textContent);
    live.hidden = false;
    still.hidden = true;
    figure.classList.add("drawn");
    charts.set(figure.id, chart);
    if (signals.includes("chosen")) steppable(figure, live, chart, basis);
  }

  // A label and not a title, which browsers would show as a second tip.
  function named(svg, words) {
    svg.querySelector(":scope > g")?.setAttribute("aria-hidden", "true"); // one image: Vega gives its parts roles without names
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", words);
  }

  // Arrow keys step from mark to mark as a pointer would.
  function steppable(figure, live, chart, basis) {
    let at = -1;
    live.tabIndex = 0;
    live.setAttribute("role", "group");
    live.setAttribute("aria-label", `${figure.querySelector(".caption-title").textContent}. Arrow keys step through the marks of this chart.`);
    live.addEventListener("blur", () => { at = -1; hideTips(); });
    live.addEventListener("keydown", event => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const marks = marksOf(live);
      if (!marks.length) return;
      at = at < 0 && step < 0 ? marks.length - 1 : (at + step + marks.length) % marks.length;
      anchor = marks[at];
      const { tooltip: words, datum } = anchor.__data__;
      anchor.scrollIntoView({ block: "nearest", inline: "nearest" });
      showTip(words, basis, ...middle(anchor));
      said.textContent = Object.values(words).join(". ");
      point(chart, datum.who ?? "");
    });
  }

  // Marks with words, in reading order; the line of a range says the same as the mark on it.
  function marksOf(live) {
    const told = all("svg path", live).filter(path => path.__data__?.tooltip?.title && path.__data__.mark.marktype !== "line");
    const place = path => path.getBoundingClientRect();
    return told.sort((a, b) => place(a).top - place(b).top || place(a).left - place(b).left);
  }

  function rowsOf(spec, name) {
    const layers = [spec, ...(spec.layer ?? [])];
    return layers.map(layer => layer.data).find(data => data?.name === name)?.values ?? [];
  }

  // Ends and ticks of a logarithmic axis, as chipbrief_reports.charts.theme.log_axis sets them.
  function logAxis(values, room) {
    let [low, high] = [Math.min(...values) / 1.25, Math.max(...values) * room];
    const steps = [];
    for (let decade = Math.floor(Math.log10(low)) - 1; decade <= Math.ceil(Math.log10(high)) + 1; decade++)
      for (const first of [1, 2, 5]) steps.push(Number(`${first}e${decade}`));
    if (steps.filter(step => low <= step && step <= high).length < 2)
      [low, high] = [Math.max(...steps.filter(step => step <= low)), Math.min(...steps.filter(step => step >= high))];
    const decades = high / low > 1e4;
    const ticks = steps.filter(step => low <= step && step <= high && (!decades || step.toExponential()[0] === "1"));
    return { axis_low: low, axis_high: high, axis_ticks: ticks };
  }

  // The months of all offers: moved ones without the ranges, which are today's.
  function moveMonths(model, drivers, moved) {
    const chart = charts.get("offers");
    if (!chart) return;
    const offers = new Map(model.classes.flatMap(one => one.offers).map(offer => [offer.key, offer]));
    const rows = rowsOf(chart.spec, "marks").map(row => {
      const offer = offers.get(row.key);
      if (!moved || !offer || offer.list_price) return { ...row };
      const value = month(model, offer, drivers);
      const { Range: _, ...words } = row.tip;
      return { ...row, value, low: value, high: value, tip: { ...words, Value: `${number(value)} $ a month` } };
    });
    moveAxis(chart, rows.flatMap(row => [row.low, row.high]), moved);
    chart.view.data("marks", rows).runAsync();
  }

  // What a million tokens costs in one of the options of page 1, by line, what waits as lines of its own (C2, C3).
  function stackOf(model, option, drivers) {
    const usd = new Map();
    const add = (line, month) => usd.set(line, (usd.get(line) ?? 0) + month / option.mtok);
    for (const { hours, load, parts } of option.replicas) {
      let waits = 0;
      for (const [full, mean, systems] of parts) {
        for (const line of model.lines[full]) {
          const works = hours * systems * load * product(line, drivers, 1);
          add(line.line, works);
          waits -= works;
        }
        for (const line of model.lines[mean]) waits += hours * systems * product(line, drivers, load);
      }
      add("idle_hours", waits);
    }
    for (const [key, hours] of option.idle) for (const line of model.lines[key]) add("idle_chips", hours * product(line, drivers, 0));
    if (option.tokens) add("tokens", option.tokens);
    return usd;
  }

  function moveStack(model, drivers) {
    const chart = charts.get("stack");
    if (!chart) return;
    const found = new Map(Object.entries(model.stacks).map(([name, option]) => [name, stackOf(model, option, drivers)]));
    const totals = new Map();
    const rows = rowsOf(chart.spec, "pieces").map(row => {
      const [option, line] = row.key.split("|");
      const value = found.get(option).get(line);
      totals.set(row.row, (totals.get(row.row) ?? 0) + value);
      return { ...row, value };
    });
    for (const row of rows) {
      const share = number(row.value / totals.get(row.row) * 100);
      row.tip = { ...row.tip, Value: `${number(row.value)} $/Mtok, ${share} % of it` };
    }
    const ends = rowsOf(chart.spec, "ends").map(end => ({ ...end, value: totals.get(end.row), label: `$${number(totals.get(end.row))}` }));
    chart.view.signal("reach", Math.max(...totals.values()) * 1.13); // room for the longest bar's total
    chart.view.data("pieces", rows).data("ends", ends).runAsync();
  }

  const NAMES = 2.5; // room above the lines for their names

  // Speed against cost at capacity: every point by the lines of the replica that it stands on.
  function moveFrontier(model, drivers, utilisation, moved) {
    const chart = charts.get("frontier");
    if (!chart) return;
    const lines = id => (model.lines[`${id}/own`] ? `${id}/own` : `${id}/own@${model.today.utilisation}`);
    const priced = row => price(model, { tok_s: row.tok_s, parts: row.parts.map(([id, systems]) => [lines(id), systems]) }, drivers, utilisation);
    for (const name of ["places", "ends", "chosen_points"]) {
      const rows = rowsOf(chart.spec, name).map(row => {
        if (!moved || !row.parts) return { ...row };
        const cost = priced(row);
        const Value = row.tip.Value.replace(/^\S+/, number(cost));
        return { ...row, y: cost * (row.lift ?? 1), tip: { ...row.tip, Value } };
      });
      if (name === "places") moveAxis(chart, rows.map(row => row.y), moved, NAMES);
      chart.view.data(name, rows);
    }
    chart.view.runAsync();
  }

  // A logarithmic axis to where its marks have moved; as it was where nothing is.
  function moveAxis(chart, values, moved, room = 1.25) {
    const today = Object.fromEntries(chart.spec.params.map(({ name, value }) => [name, value]));
    const { axis_low, axis_high, axis_ticks } = moved ? logAxis(values, room) : today;
    chart.view.signal("axis_low", axis_low).signal("axis_high", axis_high).signal("axis_ticks", axis_ticks);
  }

  // What the sliders do not move says so while anything is moved.
  function tellFixed(moved) {
    for (const id of ["tornado"]) {
      const figure = document.getElementById(id);
      if (!figure) continue;
      const told = figure.querySelector(".as-today") ?? figure.querySelector(".caption").appendChild(made("span", "as-today"));
      told.textContent = moved ? "With today's values: the sliders do not move this chart." : "";
    }
  }

  // -- the panel -----------------------------------------------------------------------------------------------

  class Panel {
    constructor(element) {
      this.element = element;
      this.model = JSON.parse(element.querySelector("script.model").textContent);
      this.sliders = all("input[type=range]", element);
      for (const slider of this.sliders) {
        slider.value = slider.defaultValue;
        slider.dataset.rest = slider.value; // as the browser writes it
        slider.addEventListener("input", () => this.soon());
      }
      element.querySelector("button").addEventListener("click", () => this.reset());
      element.querySelector("form").addEventListener("submit", event => event.preventDefault());
      element.querySelector("form").hidden = false;
      this.rows = all("tbody tr", element);
      this.first = this.ranked();
      this.show();
    }

    // Today's value to its last digit where the slider rests on it.
    settings() {
      const value = slider => (slider.value === slider.dataset.rest ? this.model.today[slider.dataset.moves] : slider.valueAsNumber);
      return Object.fromEntries(this.sliders.map(slider => [slider.dataset.moves, value(slider)]));
    }

    drivers() {
      return driversAt(this.model, this.settings());
    }

    ranked() {
      const [drivers, { utilisation }] = [this.drivers(), this.settings()];
      const priced = offer => ({ ...offer, usd: price(this.model, offer, drivers, utilisation) });
      return this.model.classes.map(one => one.offers.map(priced).sort((a, b) => a.usd - b.usd));
    }

    reset() {
      for (const slider of this.sliders) slider.value = slider.defaultValue;
      this.soon();
    }

    // Once a frame, however fast the sliders move.
    soon() {
      this.waiting ??= requestAnimationFrame(() => { this.waiting = undefined; this.show(); });
    }

    show() {
      const [drivers, ranked] = [this.drivers(), this.ranked()];
      const moved = this.sliders.some(slider => slider.value !== slider.dataset.rest);
      document.documentElement.classList.toggle("moved", moved);
      for (const slider of this.sliders) {
        const words = UNITS[slider.dataset.unit](this.settings()[slider.dataset.moves]);
        slider.setAttribute("aria-valuetext", words);
        slider.closest(".slider").querySelector("output").textContent = words;
      }
      this.rows.forEach((row, i) => this.rank(row, ranked[i], this.first[i]));
      this.tell(ranked);
      moveMonths(this.model, drivers, moved);
      moveStack(this.model, drivers);
      moveFrontier(this.model, drivers, this.settings().utilisation, moved);
      tellFixed(moved);
    }

    rank(row, offers, first) {
      all("td", row).forEach((cell, place) => {
        const offer = offers[place];
        if (!offer) return;
        const usd = made("data", "", number(offer.usd));
        usd.value = String(offer.usd);
        const second = made("span", "second");
        second.append(usd);
        cell.replaceChildren(made("span", `dot dot-${offer.dot < 3 ? offer.dot : "field"}`), offer.name, second);
        cell.classList.toggle("changed", offer.key !== first[place].key);
        cell.dataset.offer = offer.key;
      });
    }

    // Who wins, in words; said again only when that changes.
    tell(ranked) {
      const won = new Map();
      ranked.forEach((offers, i) => won.set(offers[0].name, [...(won.get(offers[0].name) ?? []), midsentence(this.model.classes[i].label)]));
      const winners = [...won].map(([name, labels]) => `${name}, for ${joined(labels)}`);
      const turned = this.model.classes.filter((_, i) => ranked[i][0].key !== this.first[i][0].key).map(one => midsentence(one.label));
      const words = `Cheapest at capacity: ${winners.join("; ")}. ` + (turned.length ? `Another than today for ${joined(turned)}.` : "As today.");
      const place = this.element.querySelector(".winner");
      if (place.textContent !== words) place.textContent = words;
    }
  }

  // -- all of it -----------------------------------------------------------------------------------------------

  async function start() {
    const element = document.querySelector(".panel");
    const panel = element ? new Panel(element) : null;
    addEventListener("scroll", () => (anchor ? placeTip(...middle(anchor)) : (tip.hidden = true)), { passive: true, capture: true });
    addEventListener("keydown", event => { if (event.key === "Escape") hideTips(); });
    // Vega measures words before it places them: with the page's own fonts, or wrongly.
    await Promise.all(["400 10px Inter", "600 10px Inter"].map(font => document.fonts.load(font)));
    for (const figure of all("figure.chart")) await draw(figure);
    panel?.show();
    return panel;
  }

  const ready = start();
  window.chipbrief = Object.freeze({ ready, number, capitalRecovery, capitalRecoveryFactor, price, month, charts });
})();
