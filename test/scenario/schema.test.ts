// The JSON Schema for editors: every field says what it is, and the sample's keys are in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarioJsonSchema } from '../../src/scenario/schema.js';

test('the schema knows every top-level key and refuses others', () => {
  const schema = scenarioJsonSchema() as {
    properties: Record<string, object>;
    additionalProperties: unknown;
    required: string[];
  };
  for (const key of [
    'name',
    'target',
    'writes',
    'seed',
    'streams',
    'visits',
    'connections',
    'redirects',
    'cookies',
    'headers',
    'timeout',
    'gates',
    'routes',
  ]) {
    assert.ok(Object.hasOwn(schema.properties, key), key);
  }
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(schema.required, ['streams']);
});

test('every top-level field has a description, but streams, which is a list of described things', () => {
  const { properties } = scenarioJsonSchema() as {
    properties: Record<string, { description?: string; items?: { description?: string } }>;
  };
  for (const [name, field] of Object.entries(properties)) {
    assert.ok(field.description !== undefined || field.items?.description !== undefined, name);
  }
});
