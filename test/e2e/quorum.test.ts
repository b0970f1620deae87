// Five managers on real hosts, of which two and then three are out of reach. The official docker CLI.
import { expect, test } from "vitest";

import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { raiseLab } from "./raised-lab.js";

const HOSTS = ["host1", "host2", "host3", "host4", "host5"] as const;
type Host = (typeof HOSTS)[number];
const SERVICE = ["service", "create", "--detach", "--no-resolve-image", "--stop-signal", "SIGKILL"];
const SLEEP = ["skep/busybox:1", "sleep", "100000"];
/** What cannot be done must have failed by then; a command line of its own comes on top. */
const REFUSED_WITHIN_MS = 6_000;

describeWithLab("five managers", () => {
  const raised = raiseLab({ hosts: 5, managers: 5 });
  const { docker, engine } = raised;

  async function containersOn(host: Host): Promise<string> {
    return await engine(host).output(["ps", "--quiet", "--no-trunc"]);
  }

  async function isRefused(host: Host, command: readonly string[]): Promise<void> {
    const begun = performance.now();
    const { code, stderr } = await docker(host).run(command);
    expect(performance.now() - begun).toBeLessThan(REFUSED_WITHIN_MS);
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toContain("The swarm does not have a leader.");
    expect(stderr).toMatch(/of 5 managers 2 can be reached from here, and 3 are needed/);
    for (const lost of ["host3", "host4", "host5"] as const) {
      expect(stderr).toContain(`${lost} (${raised.lab.host(lost).address}:2377)`);
    }
  }

  test("two are lost: nobody notices; a third: nothing is decided, nothing is touched; back: all goes on", async () => {
    await docker("host1").output([...SERVICE, "--name", "web", "--replicas", "10", ...SLEEP]);
    await settles(async () => {
      for (const host of HOSTS) expect((await containersOn(host)).split("\n")).toHaveLength(2);
    });
    await raised.lab.cut("host5");
    await raised.lab.cut("host4");
    await docker("host1").output(["service", "update", "--detach", "--label-add", "a=b", "web"]);
    const labels = ["service", "inspect", "--format", "{{.Spec.Labels.a}}", "web"];
    expect(await docker("host2").output(labels)).toBe("b");
    await settles(async () => {
      const running = await Promise.all((["host1", "host2", "host3"] as const).map(containersOn));
      expect(running.join("\n").split("\n")).toHaveLength(10);
    });

    await raised.lab.cut("host3");
    const [one, two] = await Promise.all([containersOn("host1"), containersOn("host2")]);
    // The lead ends by itself: nobody else is there to say so.
    await settles(async () => isRefused("host2", ["service", "ls"]));
    await isRefused("host1", ["service", "ls"]);
    await isRefused("host1", [...SERVICE, "--name", "never", ...SLEEP]);
    expect(await Promise.all([containersOn("host1"), containersOn("host2")])).toEqual([one, two]);

    for (const host of ["host3", "host4", "host5"] as const) await raised.lab.mend(host);
    await settles(async () => {
      const states = await docker("host5").output(["node", "ls", "--format", "{{.Status}}"]);
      expect(states.split("\n")).toEqual(HOSTS.map(() => "Ready"));
    });
    await docker("host4").output(["service", "scale", "--detach", "web=5"]);
    await settles(async () => {
      const running = await Promise.all(HOSTS.map(containersOn));
      expect(running.join("\n").split("\n").filter(Boolean)).toHaveLength(5);
    });
    expect(await docker("host3").output(["service", "ls", "--format", "{{.Name}}"])).toBe("web");
  });
});
