// Networks of a whole cluster on real hosts: packets, names and published ports, by the word of
// those who send and ask. What is declared is declared with the official docker CLI.
import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import { describeWithLab } from "../setup/requirements.js";
import { ADDRESS_OF, HOSTS, LabServices } from "./lab-services.js";
import { labFolder } from "./lab-traces.js";

const REPLICAS = 30;
const CONNECTIONS = 3_000;
/** DESIGN: each backend gets an even share, within ten in a hundred. */
const SPREAD_TOLERANCE = 0.1;

describeWithLab("networks of three hosts", () => {
  let on: LabServices;
  const dir = labFolder();

  beforeAll(async () => {
    on = new LabServices(await Laboratory.up({ dir, hosts: 3, managers: 1, liveRestore: "mixed" }));
    await on.firewallsAreUsual();
    for (const name of ["front", "back"])
      await on.docker(["network", "create", "-d", "overlay", name]);
    const replicas = ["--replicas", String(REPLICAS)];
    await on.serve("web", ["--network", "front", "--publish", "8080:80", ...replicas]);
    await on.serve("secret", ["--network", "back", "--replicas", "3"]);
    await on.serve("app", ["--network", "front", "--publish", "8081:80", "--replicas", "3"]);
    await on.allRun({ web: REPLICAS, secret: 3, app: 3 });
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  test("all pairs of 30 tasks reach each other by address, by name and by the VIP", async () => {
    const tasks = await on.containersOf("web", "front");
    expect(tasks).toHaveLength(REPLICAS);
    const ask = (to: string): string =>
      `printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${to} 80 | tail -n 1`;
    const targets = [...tasks.map(({ address }) => address), ...tasks.map(({ name }) => name)];
    const script = [...targets, "web", "web.front"].map((to) => `${ask(to)};`).join(" ");
    const ids = tasks.map(({ id }) => id.slice(0, 12));
    for (const task of tasks) {
      const said = (await on.within(task, script)).split("\n");
      expect(said.slice(0, 2 * REPLICAS)).toEqual([...ids, ...ids]);
      for (const id of said.slice(2 * REPLICAS)) expect(ids).toContain(id);
      expect(said).toHaveLength(2 * REPLICAS + 2);
    }
    const [first] = tasks;
    expect(await on.within(first!, "nslookup tasks.app | grep -c ^Name:")).toBe("3");
  });

  test.each(HOSTS)("%s answers the published port, and spreads over all tasks", async (host) => {
    const [from] = HOSTS.filter((other) => other !== host);
    const evenShare = CONNECTIONS / REPLICAS;
    for (const [at, name] of [[from!, ADDRESS_OF[host]] as const, [host, "127.0.0.1"] as const]) {
      const url = `http://${name}:8080/`;
      const { answers, failures } = await on.answersTo(at, {
        url,
        count: CONNECTIONS,
        perSecond: 0,
      });
      expect(failures).toEqual({});
      expect(Object.keys(answers)).toHaveLength(REPLICAS);
      for (const count of Object.values(answers)) {
        expect(Math.abs(count - evenShare)).toBeLessThanOrEqual(evenShare * SPREAD_TOLERANCE);
      }
    }
  });

  test("a service on another network cannot be reached, by name or by address", async () => {
    const [outsider] = await on.containersOf("secret", "back");
    const insiders = (await on.containersOf("web", "front")).slice(0, 3);
    const addresses = [...insiders.map(({ address }) => address), await on.vipOf("web", "front")];
    const names = ["web", "tasks.web", "web.front", insiders[0]!.name];
    for (const name of names) {
      expect(await on.within(outsider!, `nslookup ${name} >/dev/null && echo found; true`)).toBe(
        "",
      );
    }
    for (const address of addresses) {
      const dial = `nc -w 1 ${address} 80 </dev/null && echo reached; true`;
      expect(await on.within(outsider!, dial)).toBe("");
    }
    expect(await on.within(insiders[0]!, "nslookup secret >/dev/null && echo found; true")).toBe(
      "",
    );
  });
});
