// Asks DuckDB: node query.mjs DIR < {"sql": [...]}; prints the rows of each as JSON, numbers as text.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(process.argv[2] + "/");
const { DuckDBInstance } = require("@duckdb/node-api");
const db = await (await DuckDBInstance.create(":memory:")).connect();
const out = [];
for (const sql of JSON.parse(readFileSync(0, "utf8")).sql) {
  const reader = await db.runAndReadAll(sql);
  out.push(reader.getRowObjectsJson());
}
process.stdout.write(JSON.stringify(out));
process.exit(0);
