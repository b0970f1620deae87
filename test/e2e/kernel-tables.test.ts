// What containers of a host share in its kernel without knowing: asked of the kernel itself.
import { expect, test } from "vitest";

import { silentLogger } from "../../shared/ports/logger.js";
import { Kernel } from "../../worker/network/kernel.js";
import { KernelTables } from "../../worker/network/kernel-tables.js";
import { inside, Namespaces, PATH } from "../network/namespaces.js";
import { describeWithLab } from "../setup/requirements.js";

/** Sixty tasks that all talk to each other. */
const NEIGHBOURS = 60 * 59;

describeWithLab("the tables of a host's kernel", () => {
  test("have room for the neighbours of all containers together", async () => {
    await new KernelTables(new Kernel({ path: PATH })).makeRoom(silentLogger);
    using spaces = new Namespaces();
    const host = spaces.add("host");
    inside(host, ["ip", "link", "add", "net0", "up", "type", "bridge"]);
    inside(host, ["ip", "address", "add", "10.250.0.1/16", "dev", "net0"]);
    const lines = Array.from({ length: NEIGHBOURS }, (_, i) => {
      const [high, low] = [Math.floor(i / 250) + 1, (i % 250) + 1];
      // As after an answer, in use: the kernel does not give up such entries for new ones.
      return `neigh add 10.250.${high}.${low} lladdr 02:42:00:00:00:01 dev net0 nud reachable\n`;
    });
    // At the first that finds no room the kernel says "No buffer space available".
    inside(host, ["ip", "-batch", "-"], lines.join(""));
    const shown = inside(host, ["ip", "-json", "neighbour", "show", "dev", "net0"]);
    expect(JSON.parse(shown)).toHaveLength(NEIGHBOURS);
  });
});
