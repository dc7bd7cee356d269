// One map that Plotly draws: what lies over the slide, its scale bar and overview, and where the view
// is. `pages/viewer/steering.py` puts this file and steer.js together.

const FINEST = 22, NATIVE = FINEST - 1, WORLD = 256 * 2 ** FINEST; // as core/slides/frame.py
const MOST_ZOOM = 22;
const BY_HAND = {originalEvent: {type: "steering"}}; // else Plotly would undo it when it draws again
const BAR = 140; // screen pixels, at most
const EYEPIECE = 10; // µm a screen pixel at 1×: 40× is 0.25, as scanners have it

const STILL = {"raster-fade-duration": 0, "raster-resampling": "nearest"};
// White within black is seen on any tissue. Name, of what, colour, screen pixels.
const LINES = [
  ["lobule-outline-edge", "outlines", "#000000", 4], ["lobule-outline", "outlines", "#ffffff", 1.5],
  ["lobule-marked-edge", "marked", "#ffffff", 5], ["lobule-marked", "marked", "#1a5f8a", 2.5],
];

let went = 0; // where the page has sent the view last

const place = ({lng, lat}) => ({
  x: lng / 360 * WORLD,
  y: -Math.asinh(Math.tan(lat * Math.PI / 180)) / (2 * Math.PI) * WORLD,
});
const lngLat = ({x, y}) => ({
  lng: x / WORLD * 360,
  lat: -Math.atan(Math.sinh(2 * Math.PI * y / WORLD)) * 180 / Math.PI,
});
const round = (value, digits) => Number(value.toPrecision(digits));

function element(tag, name, parent) {
  const made = document.createElement(tag);
  made.className = name;
  parent.append(made);
  return made;
}

class Pane {
  constructor(told, index) {
    Object.assign(this, told, {index, parts: [], listeners: [], addresses: {}});
  }

  // Plotly keeps its MapLibre map to itself; without it the slide is seen, and nothing steered.
  get drawn() {
    const chart = document.querySelector(`.st-key-${this.key} .js-plotly-plot`);
    return {chart, map: chart?._fullLayout?.map?._subplot?.map};
  }

  attach(steering) {
    const {chart, map} = this.drawn;
    if (!map || map === this.map) return;
    this.detach();
    this.map = map;
    this.chart = chart;
    map.dragRotate.disable();
    map.touchZoomRotate.disableRotation();
    map.keyboard.disable(); // its keys turn and tilt, too
    const box = map.getContainer();
    this.overview = element("button", "lobule-overview", box);
    this.overview.type = "button";
    this.overview.title = "Overview: click to go there";
    this.overview.style.aspectRatio = `${this.width} / ${this.height}`;
    element("img", "", this.overview).src = this.picture;
    this.window = element("i", "", this.overview);
    this.bar = element("div", "lobule-scale-bar", box);
    this.parts = [this.overview, this.bar];
    this.overview.onclick = event => {
      const inside = this.overview.getBoundingClientRect();
      this.ease({center: lngLat({
        x: (event.clientX - inside.left) / inside.width * this.width,
        y: (event.clientY - inside.top) / inside.height * this.height,
      })});
    };
    this.listen("move", () => steering.moved(this));
    this.listen("moveend", ({originalEvent}) => {
      this.arrived(originalEvent);
      if (originalEvent && !this.jumping) this.left = {center: map.getCenter(), zoom: map.getZoom()};
      steering.rested(this);
    });
    this.listen("mousedown", () => { steering.active = this; });
    this.listen("click", event => {
      clearTimeout(this.waiting); // a second click makes it a double click
      const at = place(event.lngLat);
      this.waiting = setTimeout(() => steering.pointed(this, at), 250);
    });
    // Plotly would go back to where the view began.
    this.surface = map.getCanvasContainer();
    this.twice = event => {
      event.stopPropagation();
      clearTimeout(this.waiting);
      const {left, top} = this.surface.getBoundingClientRect();
      const around = map.unproject([event.clientX - left, event.clientY - top]);
      this.ease({zoom: map.getZoom() + 1, around});
    };
    this.surface.addEventListener("dblclick", this.twice, true);
    this.selected = found => steering.selected(this, found);
    chart.on("plotly_selected", this.selected);
    // Plotly may make its map anew at any time: where somebody has moved it to, it stays.
    const left = this.left
      ?? (this.returns && !chart.dataset.fitted && JSON.parse(sessionStorage.getItem(this.key)));
    if (left) {
      this.jump(left);
      chart.dataset.fitted = "as it was left";
    } else if (this.fits && !chart.dataset.fitted) this.jump(this.whole);
    chart.dataset.fitted ||= map.getZoom();
    // The chart gets its height late: who has not moved yet sees all of the slide again.
    this.listen("resize", () => {
      if (this.fits && Number(chart.dataset.fitted) === map.getZoom()) {
        this.jump(this.whole);
        chart.dataset.fitted = map.getZoom();
      }
      steering.moved(this);
    });
    steering.moved(this);
  }

  // Lay maps of probabilities and lines over the slide, or change those that lie there. Plotly
  // would build the map anew, and the view would jump, at every change of its figure.
  lay() {
    // Before Plotly has laid the slide itself, all of it would lie under the slide.
    this.laid = this.map?.getStyle()?.layers.some(({id}) => id.startsWith("plotly-trace"));
    if (!this.laid) return;
    const numbers = new Set(this.maps.map((_, number) => `lobule-map-${number}`));
    for (const {id} of this.map.getStyle().layers) {
      if (!id.startsWith("lobule-map-") || numbers.has(id)) continue;
      this.map.removeLayer(id);
      this.map.removeSource(id);
    }
    this.maps.forEach(({tiles, opacity}, number) => {
      // MapLibre tells a source's address only once it has loaded it, so it is kept here.
      const id = `lobule-map-${number}`, source = this.map.getSource(id);
      if (!source) {
        const [from, to] = [lngLat({x: 0, y: 0}), lngLat({x: this.width, y: this.height})];
        const bounds = [from.lng, to.lat, to.lng, from.lat];
        this.map.addSource(
          id, {type: "raster", tiles: [tiles], tileSize: 256, maxzoom: FINEST, bounds});
        const under = this.map.getLayer(LINES[0][0]) ? LINES[0][0] : undefined;
        this.map.addLayer({id, type: "raster", source: id, paint: STILL}, under);
      } else if (this.addresses[id] !== tiles) source.setTiles([tiles]);
      this.addresses[id] = tiles;
      this.map.setPaintProperty(id, "raster-opacity", opacity);
    });
    for (const [id, of, colour, width] of LINES) {
      const coordinates = this[of].map(ring => [...ring, ring[0]].map(([x, y]) => {
        const {lng, lat} = lngLat({x, y});
        return [lng, lat];
      }));
      const lines = {type: "MultiLineString", coordinates};
      if (this.map.getSource(id)) this.map.getSource(id).setData(lines);
      else {
        this.map.addSource(id, {type: "geojson", data: lines, maxzoom: FINEST, tolerance: 0.2});
        const paint = {"line-color": colour, "line-width": width};
        this.map.addLayer({id, type: "line", source: id, paint, layout: {"line-cap": "square"}});
      }
    }
  }

  listen(name, heard) {
    this.map.on(name, heard);
    this.listeners.push([name, heard]);
  }

  detach() {
    clearTimeout(this.waiting);
    clearTimeout(this.looking);
    this.listeners.forEach(([name, heard]) => this.map.off(name, heard));
    this.parts.forEach(part => part.remove());
    this.chart?.removeListener?.("plotly_selected", this.selected);
    this.surface?.removeEventListener("dblclick", this.twice, true);
    Object.assign(this, {map: undefined, laid: false, parts: [], listeners: []});
  }

  get unit() { return this.um ?? 1; } // µm, or pixels where nobody knows the scale
  get centre() { return place(this.map.getCenter()); }
  get perScreenPixel() { return this.unit * 2 ** (NATIVE - this.map.getZoom()); }
  get seen() {
    const {clientWidth, clientHeight} = this.map.getContainer();
    const {x, y} = this.centre, pixels = this.perScreenPixel / this.unit;
    const size = [clientWidth * pixels, clientHeight * pixels];
    return [x - size[0] / 2, y - size[1] / 2, ...size].map(Math.round);
  }
  zoomAt(unitsAPixel) { return NATIVE - Math.log2(unitsAPixel / this.unit); }

  ease(view, duration = 250) {
    this.goal = view.around ? null : view;
    this.map.easeTo({...view, duration}, BY_HAND);
  }
  // What interrupts a flight, as a chart that gets its height, must not leave the view half-way.
  arrived(originalEvent) {
    const {goal} = this;
    if (!goal || originalEvent?.type !== "steering") return;
    this.goal = null;
    if (goal.zoom !== undefined && Math.abs(goal.zoom - this.map.getZoom()) > 0.001) this.jump(goal);
  }
  // For who goes to another page and comes back: the server does not know where the view was.
  leave() {
    sessionStorage.setItem(this.key, JSON.stringify({center: this.map.getCenter(), zoom: this.map.getZoom()}));
  }
  jump(view) {
    this.jumping = true;
    this.map.jumpTo(view, BY_HAND); // all that it tells, it tells before it returns
    this.jumping = false;
  }

  get whole() {
    const {clientWidth, clientHeight} = this.map.getContainer();
    const shrunk = Math.max(this.width / clientWidth, this.height / clientHeight) * 1.03;
    const zoom = Math.min(NATIVE - Math.log2(shrunk), NATIVE);
    return {center: lngLat({x: this.width / 2, y: this.height / 2}), zoom};
  }

  fit() { this.ease(this.whole); }

  draw() {
    const per = this.perScreenPixel, power = 10 ** Math.floor(Math.log10(BAR * per));
    const length = power * [5, 2, 1].find(step => step * power <= BAR * per);
    this.bar.style.width = `${length / per}px`;
    const long = length >= 1000;
    this.bar.textContent = this.um === null
      ? `${length.toLocaleString("en")} px`
      : long ? `${round(length / 1000, 3)} mm` : `${round(length, 3)} µm`;
    const [x, y, width, height] = this.seen;
    const share = (value, whole) => Math.min(Math.max(value / whole, 0), 1) * 100;
    const [left, right] = [share(x, this.width), share(x + width, this.width)];
    const [top, bottom] = [share(y, this.height), share(y + height, this.height)];
    this.overview.hidden = [left, top].every(share => share === 0) && [right, bottom].every(share => share === 100);
    Object.assign(this.window.style, {
      left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%`,
    });
  }
}

