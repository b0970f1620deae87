import { expect, test } from "vitest";

import { wrongImports } from "./layers.js";
import { treeOf } from "./source-tree.js";

const TARGETS = {
  "manager/store/store.ts": "",
  "manager/store/core/tables.ts": "",
  "worker/agent/agent.ts": "",
  "worker/agent/core/task-machine.ts": "",
  "shared/model/task.ts": "",
  "shared/errors/cluster-error.ts": "",
  "shared/ports/clock.ts": "",
  "shared/docker-api/service-spec.ts": "",
  "shared/rpc/wire.ts": "",
  "cli/client.ts": "",
  "node/skepd.ts": "",
  "test/setup/engine.mjs": "",
  "package.json": "",
};

function objections(path: string, text: string): string[] {
  return wrongImports(treeOf({ ...TARGETS, [path]: text })).map(({ message }) => message);
}

test.each([
  ["manager/api/a.ts", `import { s } from "../store/store.js";`],
  [
    "manager/api/a.ts",
    `import { t } from "../../shared/rpc/wire.js"; import fastify from "fastify";`,
  ],
  ["manager/api/a.test.ts", `import { e } from "../../test/setup/engine.mjs";`],
  ["shared/a.test.ts", `import { version } from "../package.json";`],
  ["node/a.ts", `import "../manager/store/store.js"; import "../worker/agent/agent.js";`],
  ["test/e2e/a.test.ts", `import "../../manager/store/store.js"; import "../../cli/client.js";`],
  ["manager/scheduler/core/a.ts", `import { t } from "../../store/core/tables.js";`],
  ["manager/scheduler/core/a.ts", `import { t } from "../../../shared/model/task.js";`],
  ["manager/scheduler/core/a.ts", `import { e } from "../../../shared/errors/cluster-error.js";`],
  ["manager/scheduler/core/a.ts", `import type { C } from "../../../shared/ports/clock.js";`],
  ["manager/scheduler/core/a.ts", `type C = import("../../../shared/ports/clock.js").Clock;`],
  ["manager/scheduler/core/a.ts", `import ipaddr from "ipaddr.js";`],
  ["manager/scheduler/core/a.test.ts", `import fc from "fast-check";`],
  ["shared/model/a.ts", `import type { S } from "../docker-api/service-spec.js";`],
])("%s may say %s", (path, text) => {
  expect(objections(path, text)).toEqual([]);
});

test.each([
  ["manager/api/a.ts", `import { a } from "../../worker/agent/agent.js";`],
  ["manager/api/a.ts", `import type { A } from "../../worker/agent/agent.js";`],
  ["manager/api/a.test.ts", `import { a } from "../../worker/agent/agent.js";`],
  ["manager/api/a.ts", `export { a } from "../../cli/client.js";`],
  ["manager/api/a.ts", `const skepd = await import("../../node/skepd.js");`],
  ["manager/api/a.ts", `import { e } from "../../test/setup/engine.mjs";`],
  ["shared/a.ts", `import { version } from "../package.json";`],
  ["worker/a.ts", `import { s } from "../manager/store/store.js";`],
  ["cli/a.ts", `import { s } from "../manager/store/store.js";`],
  ["shared/rpc/a.ts", `import { c } from "../../cli/client.js";`],
  ["manager/scheduler/core/a.ts", `import { s } from "../../store/store.js";`],
  ["manager/scheduler/core/a.ts", `import { w } from "../../../shared/rpc/wire.js";`],
  ["manager/scheduler/core/a.ts", `import { c } from "../../../shared/ports/clock.js";`],
  ["manager/scheduler/core/a.ts", `import { type C } from "../../../shared/ports/clock.js";`],
  ["manager/scheduler/core/a.ts", `import { readFileSync } from "node:fs";`],
  ["manager/scheduler/core/a.ts", `import fastify from "fastify";`],
  ["manager/scheduler/core/a.ts", `import "../../../worker/agent/core/task-machine.js";`],
  ["shared/model/a.ts", `import { s } from "../docker-api/service-spec.js";`],
])("%s may not say %s", (path, text) => {
  expect(objections(path, text)).toHaveLength(1);
});

test("the finding names file, line and rule", () => {
  const tree = treeOf({
    ...TARGETS,
    "worker/a.ts": `/** A. */\nimport { s } from "../manager/store/store.js";`,
  });
  expect(wrongImports(tree)).toEqual([
    {
      path: "worker/a.ts",
      line: 2,
      message: "imports manager/store/store.ts: worker/ may import only shared, worker",
    },
  ]);
});
