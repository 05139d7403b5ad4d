// KafkaJS's client against a registry: exchange.js URL MESSAGE. Reads a message in hexadecimal that another client wrote, and prints one of its own.
const assert = require('node:assert/strict')
const { SchemaRegistry, SchemaType, COMPATIBILITY } = require('@kafkajs/confluent-schema-registry')

const SCHEMA = {
  type: 'record',
  name: 'Payment',
  namespace: 'course',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
}

async function main(url, message) {
  const registry = new SchemaRegistry({ host: url, retry: { retries: 1 } })
  const read = await registry.decode(Buffer.from(message, 'hex'))
  assert.deepEqual({ ...read }, { id: 8, text: 'ho', lang: 'de' })

  const options = { subject: 'payments-value', compatibility: COMPATIBILITY.FULL }
  const { id } = await registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(SCHEMA) }, options)
  assert.equal((await registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(SCHEMA) }, options)).id, id)
  assert.equal(await registry.getLatestSchemaId('payments-value'), id)
  assert.equal(await registry.getRegistryId('payments-value', 1), id)
  assert.equal(await registry.getRegistryIdBySchema('payments-value', { type: SchemaType.AVRO, schema: JSON.stringify(SCHEMA) }), id)

  const encoded = await registry.encode(id, { id: 9, note: 'thanks' })
  assert.deepEqual({ ...(await registry.decode(encoded)) }, { id: 9, note: 'thanks' })

  const changed = { ...SCHEMA, fields: [{ name: 'id', type: 'string' }] }
  await assert.rejects(registry.register({ type: SchemaType.AVRO, schema: JSON.stringify(changed) }, options), /incompatible/)
  await assert.rejects(registry.register({ type: SchemaType.JSON, schema: '{"type": "object"}' }, { subject: 'json-value' }))
  process.stdout.write(encoded.toString('hex'))
}

main(process.argv[2], process.argv[3]).catch((error) => {
  console.error(error)
  process.exit(1)
})
