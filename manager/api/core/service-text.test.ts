import { describe, expect, test } from "vitest";

import { World } from "../../../test/scenarios/world.js";
import { servicesText } from "./service-text.js";
import { countTasks, showService } from "./show-service.js";

/** As they are shown one by one. */
function shown({ view }: World): unknown {
  return JSON.parse(
    JSON.stringify(
      view.services().map((service) => ({
        ...showService(view, service),
        ServiceStatus: countTasks(view, service),
      })),
    ),
  );
}

function listed({ view }: World): unknown {
  return JSON.parse(servicesText(view, view.services(), (one) => countTasks(view, one)));
}

describe("the text of a list", () => {
  test("is what each service shows, before and after every kind of change", async () => {
    const world = await World.start("service text");
    await world.createService({ Name: "web", Mode: { Replicated: { Replicas: 2 } } });
    await world.createService({ Name: "job", Mode: { ReplicatedJob: {} } });
    expect(listed(world)).toEqual(shown(world));
    await world.wait(1_000);
    expect(listed(world)).toEqual(shown(world));
    await world.updateService("web", (spec) => ({ ...spec, Labels: { a: "b" } }));
    expect(listed(world)).toEqual(shown(world));
    await world.updateService("web", (spec) => ({
      ...spec,
      TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { Image: "other" } },
    }));
    expect(listed(world)).toEqual(shown(world));
    await world.wait(30_000);
    expect(listed(world)).toEqual(shown(world));
    await world.rollBack("web");
    expect(listed(world)).toEqual(shown(world));
    await world.stop();
  });

  test("of none is an empty list; without counts there is no status", async () => {
    const world = await World.start("service text");
    expect(servicesText(world.view, [])).toBe("[]");
    await world.createService({ Name: "web" });
    const [web] = JSON.parse(servicesText(world.view, world.view.services())) as object[];
    expect(web).toMatchObject({ Spec: { Name: "web" } });
    expect(web).not.toHaveProperty("ServiceStatus");
    await world.stop();
  });
});
