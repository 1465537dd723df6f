/** The station's service on this computer: JSON there, JSON or a picture back; what it refuses is a `Refused`. */

/** `code` is the word of the refusal, `problems` its places in the record; `detail` is for people who look for a fault. */
export class Refused extends Error {
  constructor(status, { code = "refused", detail = "", problems = [] }) {
    super(code);
    Object.assign(this, { status, code, detail, problems });
  }
}

export class Service {
  /** `locked()` is called when the station turns out to be locked, `lost(gone)` when it no longer answers this page, or does again. */
  constructor(locked, lost) {
    Object.assign(this, { locked, lost, gone: false, csrf: "" });
  }

  told(gone) {
    if (gone !== this.gone) this.lost(gone);
    this.gone = gone;
  }

  /** What holds for the whole page: who and which network this is, whether it is locked. */
  async state() {
    const state = await this.get("state");
    this.csrf = state.csrf;
    return state;
  }

  get(path) {
    return this.ask("GET", path);
  }

  post(path, body) {
    return this.ask("POST", path, body);
  }

  put(path, body) {
    return this.ask("PUT", path, body);
  }

  /** Each line of JSON of an answer that comes little by little; `told(step)` gets it. */
  async follow(path, body, told) {
    const reader = (await this.fetched("POST", path, body)).body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      text += done ? "" : decoder.decode(value, { stream: true });
      const lines = text.split("\n");
      text = lines.pop();
      lines.forEach((line) => told(JSON.parse(line)));
      if (done) return;
    }
  }

  async ask(method, path, body) {
    const response = await this.fetched(method, path, body);
    if ((response.headers.get("Content-Type") || "").startsWith("image/")) return response.blob();
    return response.status === 204 ? null : response.json();
  }

  async fetched(method, path, body) {
    const file = body instanceof Blob;
    const headers = { "x-healthcard-csrf": this.csrf };
    if (body !== undefined) headers["Content-Type"] = file ? body.type || "application/octet-stream" : "application/json";
    const response = await this.answered(`/api/${path}`, { method, headers, body: file || body === undefined ? body : JSON.stringify(body) });
    this.told(false);
    if (!response.ok) {
      const type = response.headers.get("Content-Type") || "";
      const refused = new Refused(response.status, type.includes("json") ? await response.json() : {});
      if (refused.code === "locked") this.locked();
      if (refused.code === "not-this-browser") this.told(true);
      throw refused;
    }
    return response;
  }

  async answered(...asked) {
    try {
      return await fetch(...asked);
    } catch (error) {
      this.told(true);
      throw error;
    }
  }
}
