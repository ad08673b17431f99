// @alicloud/fc-open20210406, the client of the tree 2021-04-06, unmodified: the same life with its signatures and shapes.
'use strict';

const assert = require('node:assert');
const { test, before, after } = require('node:test');
const open = require('@alicloud/fc-open20210406');
const { Config } = require('@alicloud/openapi-client');
const { answering, zip } = require('./zip.js');

const Client = open.default;
const { ENDPOINT, ACCESS_KEY_ID, ACCESS_KEY_SECRET } = process.env;
const connect = more =>
  new Client(new Config({ accessKeyId: ACCESS_KEY_ID, accessKeySecret: ACCESS_KEY_SECRET, protocol: 'HTTP',
    endpoint: new URL(ENDPOINT).host, regionId: 'local', ...more }));
const client = connect();
const refused = (promise, code) =>
  assert.rejects(promise, error => {
    assert.strictEqual(error.code, code, error.message);
    assert.match(error.message, /request id: [0-9a-f-]{36}/);
    return true;
  });
const code = word => new open.Code({ zipFile: answering(word).toString('base64') });
const call = async (qualifier, event = 'x') =>
  (await client.invokeFunction('open', 'word', new open.InvokeFunctionRequest({ qualifier, body: Buffer.from(event) })));
const wordOf = async qualifier => (await call(qualifier)).body.toString();

async function removeAll() {
  if (!(await client.getService('open', new open.GetServiceRequest({})).catch(() => null))) return;
  const { functions } = (await client.listFunctions('open', new open.ListFunctionsRequest({}))).body;
  for (const { functionName } of functions) {
    const { triggers } = (await client.listTriggers('open', functionName, new open.ListTriggersRequest({}))).body;
    for (const { triggerName } of triggers) await client.deleteTrigger('open', functionName, triggerName);
    await client.deleteFunction('open', functionName);
  }
  for (const { aliasName } of (await client.listAliases('open', new open.ListAliasesRequest({}))).body.aliases)
    await client.deleteAlias('open', aliasName);
  for (const { versionId } of (await client.listServiceVersions('open', new open.ListServiceVersionsRequest({}))).body.versions)
    await client.deleteServiceVersion('open', versionId);
  await client.deleteService('open');
}
before(removeAll);
after(removeAll);

test('a service and a function are created, changed and called', async () => {
  const made = await client.createService(new open.CreateServiceRequest({ serviceName: 'open', description: 'first' }));
  assert.strictEqual(made.body.serviceName, 'open');
  assert.strictEqual(made.headers['x-fc-request-id'].length, 36);
  await refused(client.createService(new open.CreateServiceRequest({ serviceName: 'open' })), 'ServiceAlreadyExists');
  const created = await client.createFunction('open', new open.CreateFunctionRequest({
    functionName: 'word', runtime: 'python3', handler: 'index.handler', memorySize: 128, timeout: 10, code: code('one'),
    environmentVariables: { GREETING: 'hello' },
  }));
  assert.strictEqual(created.body.codeSize, answering('one').length);
  assert.strictEqual(await wordOf(), 'one');
  const failed = await call(undefined, 'fail');
  assert.strictEqual(failed.headers['x-fc-error-type'], 'UnhandledInvocationError');
  const changed = await client.updateFunction('open', 'word', new open.UpdateFunctionRequest({ timeout: 20, instanceConcurrency: 1 }));
  assert.strictEqual(changed.body.timeout, 20);
  await refused(client.getFunction('open', 'nothing', new open.GetFunctionRequest({})), 'FunctionNotFound');
  await refused(client.getService('nothing', new open.GetServiceRequest({})), 'ServiceNotFound');
});

test('versions and aliases: publish, gray release, promotion, way back', async () => {
  const publish = description => client.publishServiceVersion('open', new open.PublishServiceVersionRequest({ description }));
  assert.strictEqual((await publish('the first')).body.versionId, '1');
  await client.updateFunction('open', 'word', new open.UpdateFunctionRequest({ code: code('two') }));
  await client.createAlias('open', new open.CreateAliasRequest({ aliasName: 'prod', versionId: '1' }));
  assert.strictEqual(await wordOf('1'), 'one');
  assert.strictEqual(await wordOf('prod'), 'one');
  assert.strictEqual(await wordOf('LATEST'), 'two');
  assert.strictEqual((await publish('the second')).body.versionId, '2');
  const alias = settings => client.updateAlias('open', 'prod', new open.UpdateAliasRequest(settings));
  await alias({ versionId: '1', additionalVersionWeight: { 2: 0.1 } });
  let second = 0;
  for (let i = 0; i < 200; i++) {
    const answer = await call('prod');
    const word = answer.body.toString();
    assert.strictEqual(word, answer.headers['x-fc-invocation-service-version'] === '1' ? 'one' : 'two');
    second += word === 'two' ? 1 : 0;
  }
  assert.ok(Math.abs(second - 20) <= 17, `a share of ${second} in 200`); // four standard deviations
  await alias({ versionId: '2', additionalVersionWeight: {} });
  for (let i = 0; i < 10; i++) assert.strictEqual(await wordOf('prod'), 'two');
  await alias({ versionId: '1' });
  for (let i = 0; i < 10; i++) assert.strictEqual(await wordOf('prod'), 'one');
  const { versions, direction } =
    (await client.listServiceVersions('open', new open.ListServiceVersionsRequest({ direction: 'FORWARD' }))).body;
  assert.deepStrictEqual([versions.map(version => version.versionId), direction], [['1', '2'], 'FORWARD']);
  assert.strictEqual((await client.getService('open', new open.GetServiceRequest({ qualifier: '1' }))).body.description, 'the first');
  await refused(client.getFunction('open', 'word', new open.GetFunctionRequest({ qualifier: '9' })), 'VersionNotFound');
  await refused(client.createAlias('open', new open.CreateAliasRequest({ aliasName: 'x', versionId: '9' })), 'VersionNotFound');
});

test('the package can be had again', async () => {
  const { body } = await client.getFunctionCode('open', 'word', new open.GetFunctionCodeRequest({ qualifier: '1' }));
  assert.deepStrictEqual(Buffer.from(await (await fetch(body.url)).arrayBuffer()), answering('one'));
});

test('triggers are configured by a string, tags taken away by PUT', async () => {
  const triggerConfig = JSON.stringify({ authType: 'anonymous', methods: ['GET'] });
  const made = await client.createTrigger('open', 'word', new open.CreateTriggerRequest({ triggerName: 'web', triggerType: 'http', triggerConfig }));
  assert.deepStrictEqual(JSON.parse(made.body.triggerConfig).methods, ['GET']);
  assert.strictEqual((await client.listTriggers('open', 'word', new open.ListTriggersRequest({}))).body.triggers.length, 1);
  await client.deleteTrigger('open', 'word', 'web');
  await client.tagResource(new open.TagResourceRequest({ resourceArn: 'services/open', tags: { a: '1', b: '2' } }));
  await client.untagResource(new open.UntagResourceRequest({ resourceArn: 'services/open', tagKeys: ['a'] }));
  const { body } = await client.getResourceTags(new open.GetResourceTagsRequest({ resourceArn: 'services/open' }));
  assert.deepStrictEqual(body.tags, { b: '2' });
});

test('layers and configurations', async () => {
  const made = await client.createLayerVersion('words', new open.CreateLayerVersionRequest({
    code: new open.Code({ zipFile: zip({ 'python/words.py': 'WORD = 1\n' }).toString('base64') }), compatibleRuntime: ['python3'],
  }));
  assert.strictEqual((await client.getLayerVersion('words', String(made.body.version))).body.arn, made.body.arn);
  await client.deleteLayerVersion('words', String(made.body.version));
  const qualifier = 'prod';
  await client.putFunctionOnDemandConfig('open', 'word', new open.PutFunctionOnDemandConfigRequest({ qualifier, maximumInstanceCount: 5 }));
  const of = new open.GetFunctionOnDemandConfigRequest({ qualifier });
  assert.strictEqual((await client.getFunctionOnDemandConfig('open', 'word', of)).body.maximumInstanceCount, 5);
  await client.deleteFunctionOnDemandConfig('open', 'word', new open.DeleteFunctionOnDemandConfigRequest({ qualifier }));
  await client.putFunctionAsyncInvokeConfig('open', 'word',
    new open.PutFunctionAsyncInvokeConfigRequest({ qualifier, maxAsyncRetryAttempts: 2 }));
  const config = await client.getFunctionAsyncInvokeConfig('open', 'word', new open.GetFunctionAsyncInvokeConfigRequest({ qualifier }));
  assert.strictEqual(config.body.maxAsyncRetryAttempts, 2);
  await client.deleteFunctionAsyncInvokeConfig('open', 'word', new open.DeleteFunctionAsyncInvokeConfigRequest({ qualifier }));
});

test('signatures', async () => {
  await refused(connect({ accessKeySecret: 'another-secret-of-letters' }).getAccountSettings(), 'SignatureNotMatch');
  await refused(connect({ accessKeyId: 'nobody' }).getAccountSettings(), 'InvalidAccessKeyID');
});

test('the application is deleted', async () => {
  await client.deleteAlias('open', 'prod');
  await client.deleteFunction('open', 'word');
  for (const versionId of ['1', '2']) await client.deleteServiceVersion('open', versionId);
  await client.deleteService('open');
  await refused(client.getService('open', new open.GetServiceRequest({})), 'ServiceNotFound');
});
