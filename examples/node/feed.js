// Follows Handstamp's revocation feed: what has ended before its time, in memory (docs/protocol.md §6).
import { setTimeout as pause } from 'node:timers/promises';
export class Feed {
  #rules = new Map(); // kind and id → the cut, and when no token is left that it refuses, both in seconds
  #place = { epoch: 0, seq: 0 }; // all up to here was applied
  #heartbeat = -Infinity; // when a heartbeat last said so
  #issuer; #headers;
  /** @param {string} issuer the server's URL @param {string} [key] a service key; none on loopback */
  constructor(issuer, key) {
    this.#issuer = issuer;
    this.#headers = key ? { Authorization: `Bearer ${key}` } : {};
    this.#follow();
  }
  /** Tells whether a token has ended, by its claims and the kid that signed it. */
  ended({ sid, sub, client_id, iat }, kid) {
    return [['session', sid], ['user', sub], ['client', client_id], ['key', kid], ['all', '']].some(([kind, id]) => iat <= this.#rules.get(`${kind} ${id}`)?.cut);
  }
  /** How long ago, in ms, all that had ended was known here. Above 5000 the feed is cut off: accept, ask or refuse. */
  get staleness() { return performance.now() - this.#heartbeat; }
  async #follow() {
    for (;; await pause(500 + 1000 * Math.random())) await this.#read().catch((err) => console.error(err.message));
  }
  async #get(path, signal, headers) {
    const answer = await fetch(this.#issuer + path, { signal, headers: { ...this.#headers, ...headers } });
    return answer.ok ? answer : Promise.reject(new Error(`feed: ${answer.status}`));
  }
  async #read() {
    const silence = new AbortController(), alarm = setTimeout(() => silence.abort(), 5000);
    try {
      const { epoch, seq } = this.#place, after = epoch ? { 'Last-Event-ID': `${epoch}.${seq}` } : {};
      const stream = await this.#get('/v1/revocations/stream', silence.signal, after);
      let text = '';
      for await (const piece of stream.body.pipeThrough(new TextDecoderStream())) {
        alarm.refresh();
        const events = (text + piece).split('\n\n');
        text = events.pop();
        for (const event of events) await this.#take(Object.fromEntries(event.split('\n').map((line) => line.split(/: (.*)/s))), silence.signal);
      }
    } finally { clearTimeout(alarm); }
  }
  async #take({ event, data }, signal) {
    const { epoch, seq, ...entry } = JSON.parse(data), known = this.#place;
    if (event === 'revoke') this.#apply(entry); // an ending is never wrong to keep
    if (event === 'revoke' && epoch === known.epoch && entry.prev === known.seq) known.seq = seq;
    if (event === 'reset' || epoch > known.epoch || (epoch === known.epoch && seq > known.seq)) await this.#snapshot(signal); // something is missing
    if (event === 'heartbeat' && epoch === this.#place.epoch && seq >= this.#place.seq) this.#heartbeat = performance.now();
    for (const [name, rule] of this.#rules) if (rule.expires < Date.now() / 1000) this.#rules.delete(name);
  }
  async #snapshot(signal) {
    const { epoch, seq, entries } = await (await this.#get('/v1/revocations', signal)).json();
    entries.forEach((entry) => this.#apply(entry));
    if (epoch < this.#place.epoch || (epoch === this.#place.epoch && seq < this.#place.seq)) throw new Error('feed: the server is behind what is known here');
    this.#place = { epoch, seq };
  }
  #apply({ kind, id, not_before, expires }) {
    const name = `${kind} ${id}`, old = this.#rules.get(name) ?? { cut: 0, expires: 0 };
    const cut = kind === 'session' || kind === 'key' || !not_before ? Infinity : not_before;
    this.#rules.set(name, { cut: Math.max(cut, old.cut), expires: Math.max(expires, old.expires) });
  }
}
