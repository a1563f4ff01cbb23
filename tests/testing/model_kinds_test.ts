import { assert, assertEquals } from "@std/assert";
import { civitai } from "../../api/mod.ts";
import { kindsSite } from "../_support/kinds_site.ts";
import { modelKinds, nameKinds, shapeKinds } from "../_support/model_kinds.ts";

Deno.test("modelKinds() makes the same models from one seed, each pair of kinds before any comes twice", () => {
  const pairs = Object.keys(nameKinds).length * Object.keys(shapeKinds).length;
  const made = [...modelKinds(pairs, 3)];
  assertEquals(new Set(made.map(({ kind }) => kind.join())).size, pairs);
  assertEquals(made.slice(0, 50), [...modelKinds(50, 3)]);
});

Deno.test("kindsSite() answers so that the client can read every kind", async () => {
  const made = [...modelKinds(Object.keys(nameKinds).length * Object.keys(shapeKinds).length)];
  const api = civitai(kindsSite(made.map(({ model }) => model)));
  const found = await api.models.byIds(made.map(({ model }) => model.id));
  assertEquals(found.size, made.length);
  for (const { model } of made) {
    for (const { id } of model.modelVersions) assert((await api.versions.get(id)).modelId === model.id);
  }
});
