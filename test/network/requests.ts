/**
 * HTTP requests from inside a network, each on a connection of its own: as many as asked for, or at
 * a steady rate; with what was answered, and what failed.
 */
export interface Requests {
  readonly url: string;
  readonly count: number;
  /** 0: as fast as a few at once go. */
  readonly perSecond: number;
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
const [url, count, perSecond] = process.argv.slice(1);
const answers = {}, failures = {};
const note = (on, what) => { on[what] = (on[what] || 0) + 1; };
const one = () => new Promise((resolve) => {
  const request = require("http").get(url, { agent: false, timeout: ${LIMIT_MS} }, (response) => {
    let text = "";
    response.on("data", (data) => { text += data; });
    response.on("end", () => { note(answers, response.statusCode + " " + text.trim()); resolve(); });
    response.on("error", (error) => { note(failures, error.code || error.message); resolve(); });
  });
  request.on("timeout", () => request.destroy(new Error("timeout")));
  request.on("error", (error) => { note(failures, error.code || error.message); resolve(); });
});
const all = [];
const end = () => Promise.all(all).then(() => console.log(JSON.stringify({ sent: Number(count), answers, failures })));
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
    if (all.length >= Number(count)) { clearInterval(timer); end(); }
  }, 2);
}
`;

/** The words of a program that prints its `Answers` as JSON. */
export function requesting({ url, count, perSecond }: Requests): [string, ...string[]] {
  return [process.execPath, "-e", PROGRAM, url, String(count), String(perSecond)];
}
