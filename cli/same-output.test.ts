// What lists and pages print is what the official docker CLI prints of the same answers. The files in
// fixtures/ are the output of 28.2; where there is such a CLI, or Debian 12's (20.10), they are compared with it again.
import { readFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ManualClock } from "../shared/ports/manual-clock.js";
import { dockerSwarm } from "../test/samples/docker-swarm.js";
import { findDockerCli } from "../test/setup/cli.mjs";
import { dockerCommand } from "../test/setup/docker-command.js";
import { RecordedDaemon } from "../test/setup/recorded-daemon.js";
import { runSkep } from "../test/setup/run-skep.js";

const CASES: readonly (readonly [file: string, words: readonly string[]])[] = [
  ["node-ls", ["node", "ls"]],
  ["node-ls-json", ["node", "ls", "--format", "json"]],
  ["node-ls-quiet", ["node", "ls", "-q"]],
  ["node-ls-template", ["node", "ls", "--format", "{{.Hostname}} {{.Self}} {{.TLSStatus}}"]],
  ["node-inspect", ["node", "inspect", "self"]],
  ["node-inspect-pretty", ["node", "inspect", "--pretty", "self", "w2rker000000000000000000d"]],
  [
    "node-inspect-template",
    ["node", "inspect", "-f", "{{.Spec.Role}} {{json .Spec.Labels}}", "self"],
  ],
  ["node-ps", ["node", "ps"]],
  ["service-ls", ["service", "ls"]],
  ["service-ls-json", ["service", "ls", "--format", "{{json .}}"]],
  ["service-ls-quiet", ["service", "ls", "--quiet"]],
  [
    "service-ls-table",
    ["service", "ls", "--format", "table {{.Name}}\\t{{lower .Mode}}\\t{{.Ports}}"],
  ],
  ["service-ls-filter", ["service", "ls", "-f", "name=web", "-f", "name=agent"]],
  ["service-ps", ["service", "ps", "web", "agent"]],
  ["service-ps-no-trunc", ["service", "ps", "--no-trunc", "--no-resolve", "web"]],
  ["service-ps-quiet", ["service", "ps", "-q", "webid"]],
  ["service-ps-template", ["service", "ps", "--format", "{{.Name}}: {{.Error}}", "web"]],
  ["service-ps-table", ["service", "ps", "--format", "table {{.Name}}\\t{{.Node}}", "web"]],
  ["service-inspect", ["service", "inspect", "agent", "batch"]],
  ["service-inspect-json", ["service", "inspect", "--format", "json", "agent"]],
  ["service-inspect-pretty", ["service", "inspect", "--pretty", "web", "agent"]],
  [
    "service-inspect-template",
    [
      "service",
      "inspect",
      "-f",
      "{{.Spec.Name}}|{{.Spec.TaskTemplate.ContainerSpec.Hostname}}|{{if .Spec.Mode.Global}}global{{end}}|{{range .Spec.TaskTemplate.Networks}}{{.Target}} {{end}}|{{.Spec.TaskTemplate.Placement.Constraints}}",
      "web",
    ],
  ],
];

/** Of the docker CLI: one of another version may print otherwise. */
const GOLDEN_VERSION = /^(28\.2|20\.10)\./;
/** 20.10 takes the format `json` for a template. */
const NEW_TO_28 = ["node-ls-json", "service-inspect-json"];

const clock = new ManualClock();
let daemon: RecordedDaemon;
beforeAll(async () => {
  daemon = await RecordedDaemon.start(dockerSwarm(clock.wallMs()));
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

test.each(CASES)("%s", async (file, words) => {
  const { status, stdout, stderr } = await runSkep(words, { socketPath: daemon.socketPath, clock });
  expect([status, stderr]).toEqual([0, ""]);
  expect(meaningOf(stdout)).toEqual(golden(file));
});

const cli = findDockerCli();
const isOlder = cli.kind === "ready" && cli.version.startsWith("20.");

describe("the official CLI agrees", () => {
  test.for(CASES.filter(([file]) => !isOlder || !NEW_TO_28.includes(file)))(
    "%s",
    async ([file, words], context) => {
      if (cli.kind === "unavailable") return context.skip(cli.reason);
      if (!GOLDEN_VERSION.test(cli.version)) return context.skip(`docker CLI ${cli.version}`);
      await using present = await RecordedDaemon.start(dockerSwarm(Date.now()));
      const result = await dockerCommand(present.socketPath)!.run(words);
      expect([result.code, result.stderr]).toEqual([0, ""]);
      expect(meaningOf(result.stdout)).toEqual(golden(file));
    },
  );
});

function golden(file: string): unknown {
  return meaningOf(readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), "utf8"));
}

/**
 * JSON, whole or by lines, means the same whatever the order of its keys (Go has them in the order of its
 * structs) and however `>` is written. Of other text all counts but the blanks with which Docker
 * pads some last columns.
 */
function meaningOf(text: string): unknown {
  try {
    return JSON.parse(`[${text.trim().replace(/\}\n\{/g, "},{")}]`);
  } catch {
    return text.replace(/[ \t]+$/gm, "");
  }
}
