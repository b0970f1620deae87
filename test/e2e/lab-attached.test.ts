// Containers that users run by hand on networks of the cluster, on any of its hosts, with the official
// docker CLI: by the word of those who reach them and whom they reach.
import { beforeAll, expect, test } from "vitest";

import type { RaftReport } from "../../shared/docker-api/consensus.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { LabServices } from "./lab-services.js";
import { raiseLab } from "./raised-lab.js";

const IMAGE = "skep/busybox:1";
const SERVE = ["sh", "-c", "hostname > /index.html; exec httpd -f -p 80 -h /"];
const ask = (to: string): string =>
  `printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${to} 80 | tail -n 1`;

describeWithLab("containers attached to networks of the cluster", () => {
  const raised = raiseLab({ hosts: 3, managers: 1 });
  const docker = (host: string, ...words: string[]) => raised.docker(host).output(words);
  const refusal = async (host: string, ...words: string[]): Promise<string> => {
    const { code, stderr } = await raised.docker(host).run(words);
    expect(code).not.toBe(0);
    return stderr;
  };
  const run = (host: string, name: string, ...flags: string[]) =>
    docker(host, "run", "--detach", "--name", name, "--network", "app", ...flags, IMAGE, ...SERVE);
  const within = (host: string, name: string, script: string) =>
    docker(host, "exec", name, "sh", "-c", script);
  /** As its own engine has it. */
  const addressOf = async (host: string, name: string): Promise<string> => {
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    return raised.engine(host).output(["inspect", "--format", format, name]);
  };
  const idOf = async (host: string, name: string): Promise<string> =>
    (await docker(host, "inspect", "--format", "{{.Id}}", name)).slice(0, 12);

  beforeAll(async () => {
    await docker("host1", "network", "create", "-d", "overlay", "--attachable", "app");
    await docker("host1", "network", "create", "-d", "overlay", "closed");
    const on = new LabServices(raised.lab);
    await on.serve("web", ["--network", "app", "--replicas", "3"]);
    await on.serve("other", ["--network", "closed"]);
    await on.allRun({ web: 3, other: 1 });
    await Promise.all([
      run("host1", "one"),
      run("host2", "two", "--network-alias", "db"),
      run("host3", "three", "--network-alias", "db"),
    ]);
  });

  test("reach services and each other, from a manager and from workers", async () => {
    const on = new LabServices(raised.lab);
    const tasks = await on.containersOf("web", "app");
    const ids = tasks.map(({ id }) => id.slice(0, 12));
    const [one, two, three] = [
      await idOf("host1", "one"),
      await idOf("host2", "two"),
      await idOf("host3", "three"),
    ];
    const at = await addressOf("host2", "two");
    expect(at).toMatch(/^10\.24\d\./);
    for (const [host, name] of [
      ["host1", "one"],
      ["host2", "two"],
      ["host3", "three"],
    ] as const) {
      await settles(async () => {
        expect(ids).toContain(await within(host, name, ask("web")));
        for (const task of tasks)
          expect(ids).toContain(await within(host, name, ask(task.address)));
        expect(await within(host, name, "nslookup tasks.web | grep -c ^Name:")).toBe("3");
        expect(await within(host, name, "nslookup db | grep -c ^Name:")).toBe("2");
        expect(await within(host, name, ask("one"))).toBe(one);
        expect(await within(host, name, ask("three"))).toBe(three);
        expect(await within(host, name, ask(at))).toBe(two);
      });
    }
    for (const task of tasks) {
      expect(await on.within(task, ask("two"))).toBe(two);
      expect(await on.within(task, ask(at))).toBe(two);
      expect([two, three]).toContain(await on.within(task, ask("db")));
    }
  });

  test("are shown, and keep their network", async () => {
    const format = "{{range .Containers}}{{.Name}} {{.IPv4Address}}\n{{end}}";
    const shown = await docker("host1", "network", "inspect", "--format", format, "app");
    const named = shown.trim().split("\n").sort();
    const own = "{{.NetworkSettings.Networks.app.IPAddress}} {{.HostConfig.NetworkMode}}";
    expect(await docker("host2", "inspect", "--format", own, "two")).toBe(
      `${await addressOf("host2", "two")} app`,
    );
    expect(named.map((line) => line.split(" ")[0])).toEqual(["one", "three", "two"]);
    expect(named[2]).toBe(`two ${await addressOf("host2", "two")}/24`);
    await docker("host1", "network", "create", "-d", "overlay", "--attachable", "lonely");
    const flags = ["--name", "alone", "--network", "lonely"];
    await docker("host3", "run", "--detach", ...flags, IMAGE, "sleep", "1000");
    expect(await refusal("host1", "network", "rm", "lonely")).toMatch(
      /network \w+ is in use by task \w+/,
    );
    await docker("host3", "rm", "--force", "alone");
    await settles(async () => {
      await docker("host1", "network", "rm", "lonely");
    });
  });

  test.each(["host1", "host2"])("are refused on %s in Docker's words", async (host) => {
    const without = (network: string, ...flags: string[]) =>
      refusal(host, "run", "--rm", "--network", network, ...flags, IMAGE, "true");
    expect(await without("closed")).toContain(
      "Error response from daemon: Could not attach to network closed: rpc error: code = PermissionDenied desc = network closed not manually attachable",
    );
    expect(await without("missing")).toContain(
      "Could not attach to network missing: rpc error: code = NotFound desc = network missing not found",
    );
    expect(await without("app", "--ip", await addressOf("host2", "two"))).toContain(
      "Address already in use",
    );
  });

  test("cannot reach what is on other networks", async () => {
    const on = new LabServices(raised.lab);
    const [stranger] = await on.containersOf("other", "closed");
    expect(await within("host2", "two", "nslookup other >/dev/null && echo found; true")).toBe("");
    const dial = `nc -w 1 ${stranger!.address} 80 </dev/null && echo reached; true`;
    expect(await within("host2", "two", dial)).toBe("");
    const back = `nc -w 1 ${await addressOf("host2", "two")} 80 </dev/null && echo reached; true`;
    expect(await on.within(stranger!, back)).toBe("");
  });

  test("are reached again after they themselves or the daemons were restarted", async () => {
    const isReached = async (): Promise<void> => {
      await settles(async () => {
        const two = await idOf("host2", "two");
        expect(await within("host1", "one", ask("two"))).toBe(two);
        expect(await within("host2", "two", "nslookup web | grep -c ^Name:")).toBe("1");
        expect(await within("host2", "two", ask("one"))).toBe(await idOf("host1", "one"));
      });
    };
    const address = await addressOf("host2", "two");
    await docker("host2", "restart", "--time", "0", "two");
    await isReached();
    await raised.lab.kill("host2", "skepd");
    await raised.lab.start("host2", "skepd");
    await isReached();
    await raised.lab.kill("host1", "skepd");
    expect(await within("host2", "two", ask(await addressOf("host3", "three")))).toBe(
      await idOf("host3", "three"),
    );
    await raised.lab.start("host1", "skepd");
    await isReached();
    expect(await addressOf("host2", "two")).toBe(address);
  });

  test("are forgotten when they are gone, and nobody gets their address for a while", async () => {
    const address = await addressOf("host3", "three");
    // By the engine's own socket, of which only its events tell.
    await raised.engine("host3").output(["rm", "--force", "three"]);
    await settles(async () => {
      expect(await within("host1", "one", "nslookup db | grep -c ^Name:")).toBe("1");
      expect(await within("host1", "one", "nslookup three >/dev/null || echo gone")).toBe("gone");
    });
    await run("host3", "four");
    expect(await addressOf("host3", "four")).not.toBe(address);
    expect(await within("host1", "one", ask(await addressOf("host3", "four")))).toBe(
      await idOf("host3", "four"),
    );
  });

  test("can be connected later, reach by address, and are taken off again", async () => {
    await docker("host2", "run", "--detach", "--name", "plain", IMAGE, ...SERVE);
    await docker("host2", "network", "connect", "--alias", "late", "app", "plain");
    const plain = await idOf("host2", "plain");
    const on = new LabServices(raised.lab);
    const vip = await on.vipOf("web", "app");
    await settles(async () => {
      expect(await within("host1", "one", ask("late"))).toBe(plain);
      expect(await within("host1", "one", ask("plain"))).toBe(plain);
      expect(await within("host2", "plain", ask(await addressOf("host1", "one")))).toBe(
        await idOf("host1", "one"),
      );
      expect(await within("host2", "plain", ask(vip))).toMatch(/^[0-9a-f]{12}$/);
    });
    await docker("host2", "network", "disconnect", "app", "plain");
    await settles(async () => {
      expect(await within("host1", "one", "nslookup late >/dev/null || echo gone")).toBe("gone");
    });
    expect(await within("host2", "plain", "ip -4 -o address | grep -c ' 10.24'; true")).toBe("0");
  });

  test("are reached again once they are connected again, by what they are now", async () => {
    await docker("host2", "network", "disconnect", "app", "two");
    await docker("host2", "network", "connect", "--alias", "again", "app", "two");
    const two = await idOf("host2", "two");
    await settles(async () => {
      expect(await within("host1", "one", ask("two"))).toBe(two);
      expect(await within("host1", "one", ask("again"))).toBe(two);
      expect(await within("host2", "two", ask("one"))).toBe(await idOf("host1", "one"));
    });
  });

  test("let their network go with the last of them, and its addresses be another's", async () => {
    for (const name of ["brief", "briefer"]) {
      const create = ["network", "create", "-d", "overlay", "--attachable"];
      await docker("host1", ...create, "--subnet", "10.74.0.0/24", name);
      await docker("host2", "run", "--detach", "--name", name, "--network", name, IMAGE, ...SERVE);
      const once = ["run", "--rm", "--network", name, IMAGE, "sh", "-c", ask(name)];
      expect(await docker("host1", ...once)).toBe(await idOf("host2", name));
      await docker("host2", "rm", "--force", name);
      await docker("host1", "network", "rm", name);
    }
  });

  test("are attached and let go under a new leader, and stay what they were", async () => {
    await docker("host1", "node", "promote", "host2", "host3");
    const on = new LabServices(raised.lab);
    await settles(async () => {
      const { members } = await on.get<RaftReport>("/skep/v1/swarm/raft");
      const roles = members.map(({ role }) => role).sort();
      expect(roles).toEqual(["follower", "follower", "leader"]);
    });
    await raised.lab.kill("host1", "skepd");
    await docker("host2", "rm", "--force", "two");
    await run("host2", "five");
    await settles(async () => {
      const five = await idOf("host2", "five");
      expect(await within("host3", "four", ask("five"))).toBe(five);
      expect(await within("host3", "four", "nslookup two >/dev/null || echo gone")).toBe("gone");
    });
    // Its daemon is gone and nobody vouches for it: it has no name, and those it knew reach it still.
    const one = await addressOf("host1", "one");
    expect(await within("host3", "four", ask(one))).toMatch(/^[0-9a-f]{12}$/);
    await raised.lab.start("host1", "skepd");
    await settles(async () => {
      expect(await within("host1", "one", ask("five"))).toBe(await idOf("host2", "five"));
    });
    await docker("host2", "node", "demote", "host3");
  });

  test("run on without the network when their host leaves", async () => {
    await settles(async () => {
      await docker("host3", "swarm", "leave");
    });
    expect(await docker("host3", "inspect", "--format", "{{.State.Running}}", "four")).toBe("true");
    expect(await addressOf("host3", "four")).toBe("");
    await settles(async () => {
      expect(await within("host1", "one", "nslookup four >/dev/null || echo gone")).toBe("gone");
    });
    expect(
      await raised.engine("host3").output(["network", "ls", "--quiet", "--filter", "name=skep-"]),
    ).toBe("");
  });
});
