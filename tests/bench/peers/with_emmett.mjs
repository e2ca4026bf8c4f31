// Emmett: facts are streams in its PostgreSQL event store, an asynchronous projector counts them.
//
// The store is filled first. An event's key is its stream's name, so that the store takes it once; Emmett commits the
// counters of a batch and the position up to which they count in one transaction. The files are found from the folder
// where the packages are installed, which is the working directory.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.cwd(), 'package.json'));
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { callAppendToStream, getPostgreSQLEventStore, postgreSQLEventStoreConsumer, postgreSQLRawSQLProjection } =
  (await load('@event-driven-io/emmett-postgresql')).default;
const { sql } = (await load('@event-driven-io/dumbo')).default;
const { AckPolicy, DeliverPolicy, connect, nanos } = (await load('nats')).default;
const pg = (await load('pg')).default;

const APPENDED = 500; // facts that one transaction puts into the store
const BATCH = { batchSize: 1000, pullingFrequencyInMs: 10 }; // its defaults, 100 and 50, would let it wait half the time

const task = JSON.parse(await readFile(process.argv[2], 'utf8'));
const parents = new Map(Object.entries(JSON.parse(await readFile(task.parents, 'utf8'))));
const connectionString = `postgresql://${task.user}@/${task.database}?host=${task.host}`;

function* keys({ type, data: { subject, said } }) {
  const rule = task.rules[type];
  for (const [measure, field] of rule.counts) {
    for (let unit = field ? said[field] : subject; unit; unit = parents.get(unit)) {
      yield sql('(%L, %L::date, %L, 1)', unit, said[rule.day], measure);
    }
  }
}

const consolidation = postgreSQLRawSQLProjection({
  name: 'consolidation',
  canHandle: Object.keys(task.rules),
  evolve: (event) =>
    sql(
      `INSERT INTO counter AS c VALUES %s ON CONFLICT (unit, day, measure) DO UPDATE SET n = c.n + excluded.n`,
      [...keys(event)].join(','),
    ),
});

function appending(message) {
  const { source, id, type, subject, data } = message.json();
  return callAppendToStream({
    messageIds: sql('%L', id),
    messagesData: sql('%L', JSON.stringify({ subject, said: data })),
    messagesMetadata: sql('%L', '{}'),
    schemaVersions: "'1'",
    messageTypes: sql('%L', type),
    messageKinds: "'E'",
    streamId: `${source}/${id}`,
    streamType: 'fact',
    expectedStreamPosition: '0',
    partition: 'emt:default',
  });
}

async function append(client, messages) {
  // One transaction for many streams: what appendToStream does for one, so that filling takes seconds.
  try {
    await client.query(messages.map(appending).join(';'));
  } catch (error) {
    if (error.code !== '23505') throw error; // a stream exists: its event was delivered again
    if (messages.length > 1) for (const message of messages) await append(client, [message]);
  }
}

async function fill(client) {
  const bus = await connect({ servers: task.nats });
  const manager = await bus.jetstreamManager();
  await manager.consumers.add(task.stream, {
    durable_name: task.name,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: task.first,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(5_000),
    max_ack_pending: 100_000,
  });
  const consumer = await bus.jetstream().consumers.get(task.stream, task.name);
  for (let position = 0; position < task.last; ) {
    const messages = [];
    for await (const message of await consumer.fetch({ max_messages: APPENDED, expires: 1000 })) messages.push(message);
    if (messages.length === 0) continue;
    await append(client, messages);
    for (const message of messages) message.ack();
    position = messages.at(-1).seq;
  }
  await bus.close();
}

const store = getPostgreSQLEventStore(connectionString);
await store.schema.migrate();
const client = new pg.Client({ connectionString });
await client.connect();
const stored = await client.query('SELECT count(*)::int AS n FROM emt_streams');
if (stored.rows[0].n < task.last - task.first + 1) await fill(client);
await client.end();

const consumer = postgreSQLEventStoreConsumer({ connectionString, pulling: BATCH });
consumer.projector({ projection: consolidation, processorInstanceId: task.name }); // so that a restart gets its lock back
await consumer.start();
