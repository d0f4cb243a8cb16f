// Answers demands, a line of JSON each, with one library: node answer.mjs jose
import { createInterface } from 'node:readline';

const { check } = await import(`./${process.argv[2]}.mjs`);

for await (const line of createInterface({ input: process.stdin })) {
  let verdict;
  try {
    verdict = { subject: await check(JSON.parse(line)) };
  } catch (err) {
    verdict = { refusal: `${err.code ?? err.name}: ${err.message}` };
  }
  console.log(JSON.stringify(verdict));
}
