/**
 * HTTP requests from inside a network, each on a connection of its own: as many as asked for, or at
 * a steady rate; with what was answered, and what failed.
 */
export interface Requests {
  readonly url: string;
  readonly count: number;
  /** 0: as fast as a few at once go. */
  readonly perSecond: number;
  /** Path of a file: once it is there, no more are sent. Of those at a steady rate. */
  readonly until?: string;
}

export interface Answers {
  readonly sent: number;
  /** How often each was answered. */
  readonly answers: Readonly<Record<string, number>>;
  /** How often each went wrong. */
  readonly failures: Readonly<Record<string, number>>;
}

/** A request that takes longer counts as failed. */
const LIMIT_MS = 10_000;

const PROGRAM = `
const [url, count, perSecond, until] = process.argv.slice(1);
const answers = {}, failures = {};
let sent = 0;
const note = (on, what) => { on[what] = (on[what] || 0) + 1; };
const one = () => new Promise((resolve) => {
  sent += 1;
  const request = require("http").get(url, { agent: false, timeout: ${LIMIT_MS} }, (response) => {
    let text = "";
    response.on("data", (data) => { text += data; });
    response.on("end", () => { note(answers, response.statusCode + " " + text.trim()); resolve(); });
    response.on("error", (error) => { note(failures, error.code || error.message); resolve(); });
  });
  const begunMs = performance.now();
  request.on("timeout", () => {
    const from = request.socket ? " from " + request.socket.localPort : "";
    const stage = request.socket && !request.socket.connecting ? "answered nothing" + from : "nobody there" + from;
    request.destroy(new Error(stage + ", begun " + (begunMs / 1000).toFixed(1) + " s after the first of " + sent));
  });
  request.on("error", (error) => { note(failures, error.code || error.message); resolve(); });
});
const all = [];
const end = () => Promise.all(all).then(() => console.log(JSON.stringify({ sent, answers, failures })));
if (perSecond === "0") {
  let left = Number(count);
  const work = async () => { while (left-- > 0) await one(); };
  for (let i = 0; i < 8; i++) all.push(work());
  end();
} else {
  const begun = performance.now();
  const timer = setInterval(() => {
    const due = Math.min(Number(count), (performance.now() - begun) * Number(perSecond) / 1000);
    while (all.length < due) all.push(one());
    if (all.length >= Number(count) || (until && all.length % 20 === 0 && require("fs").existsSync(until))) { clearInterval(timer); end(); }
  }, 2);
}
`;

/** The words of a program that prints its `Answers` as JSON. */
export function requesting({ url, count, perSecond, until = "" }: Requests): [string, ...string[]] {
  return [process.execPath, "-e", PROGRAM, url, String(count), String(perSecond), until];
}
