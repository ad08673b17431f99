// @alicloud/fc2, the client of the tree 2016-08-15, unmodified: the life of an application, and what must be refused.
'use strict';

const assert = require('node:assert');
const { test, before, after } = require('node:test');
const FC = require('@alicloud/fc2');
const { answering, zip } = require('./zip.js');

const { ENDPOINT, ACCESS_KEY_ID, ACCESS_KEY_SECRET } = process.env;
const connect = more =>
  new FC('0', { accessKeyID: ACCESS_KEY_ID, accessKeySecret: ACCESS_KEY_SECRET, region: 'local', endpoint: ENDPOINT,
    timeout: 30000, ...more });
const client = connect();
const refused = (promise, code) =>
  assert.rejects(promise, error => {
    assert.strictEqual(error.code, code, error.message);
    assert.match(error.message, /requestid: [0-9a-f-]{36}/);
    return true;
  });
const python = (functionName, word, more = {}) => ({
  functionName, runtime: 'python3', handler: 'index.handler', memorySize: 128, timeout: 10,
  code: { zipFile: answering(word).toString('base64') }, ...more,
});
const call = async (qualifier, event = 'x', headers = {}) =>
  client.invokeFunction('app', 'word', event, headers, qualifier);

async function removeAll() {
  for (const name of ['app', 'pages-a', 'pages-b', 'pages-c']) {
    const service = await client.getService(name).catch(() => null);
    if (!service) continue;
    for (const { functionName } of (await client.listFunctions(name)).data.functions) {
      for (const { triggerName } of (await client.listTriggers(name, functionName)).data.triggers)
        await client.deleteTrigger(name, functionName, triggerName);
      await client.deleteFunction(name, functionName);
    }
    for (const { aliasName } of (await client.listAliases(name)).data.aliases) await client.deleteAlias(name, aliasName);
    for (const { versionId } of (await client.listVersions(name)).data.versions)
      await client.deleteVersion(name, versionId);
    await client.deleteService(name);
  }
}
before(removeAll);
after(removeAll);

test('a service is created, read, changed and guarded by its etag', async () => {
  const made = await client.createService('app', { description: 'first' });
  assert.strictEqual(made.headers['x-fc-request-id'].length, 36);
  assert.ok(made.headers.date);
  assert.strictEqual(made.data.serviceName, 'app');
  assert.strictEqual(made.data.role, '');
  assert.deepStrictEqual([made.data.logConfig.project, made.data.logConfig.logstore], ['', '']);
  await refused(client.createService('app'), 'ServiceAlreadyExists');
  const changed = await client.updateService('app', { description: 'second' }, { 'if-match': made.headers.etag });
  assert.strictEqual(changed.data.description, 'second');
  await refused(client.updateService('app', { description: 'third' }, { 'if-match': made.headers.etag }),
    'PreconditionFailed');
  await refused(client.getService('nothing'), 'ServiceNotFound');
  await refused(client.createService('1abc'), 'InvalidArgument');
});

test('a function is created, read, called', async () => {
  const made = await client.createFunction('app', python('word', 'one', { environmentVariables: { GREETING: 'hello' } }));
  assert.strictEqual(made.data.functionName, 'word');
  assert.strictEqual(made.data.instanceType, 'e1');
  assert.strictEqual(made.data.codeSize, answering('one').length);
  await refused(client.createFunction('app', python('word', 'one')), 'FunctionAlreadyExists');
  await refused(client.createFunction('nothing', python('word', 'one')), 'ServiceNotFound');
  await refused(client.createFunction('app', python('small', 'one', { memorySize: 100 })), 'InvalidArgument');

  const answer = await call(undefined, 'x', { 'x-fc-log-type': 'Tail' });
  assert.strictEqual(answer.data, 'one');
  assert.strictEqual(answer.headers['x-fc-invocation-service-version'], 'LATEST');
  assert.strictEqual(answer.headers['x-fc-code-checksum'], made.data.codeChecksum);
  assert.match(Buffer.from(answer.headers['x-fc-log-result'], 'base64').toString(), /called with x/);
  assert.match(answer.headers['access-control-expose-headers'], /x-fc-error-type/);

  const failed = await call(undefined, 'fail');
  assert.strictEqual(failed.headers['x-fc-error-type'], 'UnhandledInvocationError');
  assert.strictEqual(failed.data.errorMessage, 'as asked for');
  const context = JSON.parse((await call(undefined, 'context')).data);
  assert.strictEqual(context.greeting, 'hello');
  await refused(client.invokeFunction('app', 'nothing', 'x'), 'FunctionNotFound');
});

test('the package can be had again, by an address that needs no credentials', async () => {
  const { data } = await client.getFunctionCode('app', 'word');
  const response = await fetch(data.url);
  assert.strictEqual(response.status, 200);
  assert.deepStrictEqual(Buffer.from(await response.arrayBuffer()), answering('one'));
  assert.strictEqual((await fetch(data.url.replace('/word', '/other'))).status, 403);
});

test('versions and aliases: publish, gray release, promotion, way back', async () => {
  const first = await client.publishVersion('app', 'the first');
  assert.strictEqual(first.data.versionId, '1');
  await refused(client.publishVersion('app'), 'VersionPublishError');
  await client.updateFunction('app', 'word', { code: { zipFile: answering('two').toString('base64') } });
  await client.createAlias('app', 'prod', '1', { description: 'what users see' });
  assert.strictEqual((await call()).data, 'two');
  assert.strictEqual((await call('1')).data, 'one');
  assert.strictEqual((await call('prod')).data, 'one');
  assert.strictEqual((await client.getService('app', {}, '1')).data.description, 'the first');
  await refused(client.createAlias('app', 'other', '9'), 'VersionNotFound');
  await refused(client.createAlias('app', 'prod', '1'), 'AliasAlreadyExists');

  assert.strictEqual((await client.publishVersion('app', 'the second')).data.versionId, '2');
  await client.updateAlias('app', 'prod', '1', { additionalVersionWeight: { 2: 0.1 } });
  const counts = { one: 0, two: 0 };
  for (let i = 0; i < 400; i++) {
    const answer = await call('prod');
    const version = answer.headers['x-fc-invocation-service-version'];
    assert.strictEqual(answer.data, version === '1' ? 'one' : 'two');
    counts[answer.data]++;
  }
  // 400 draws of a tenth: within four standard deviations
  assert.ok(Math.abs(counts.two - 40) <= 24, `a share of ${counts.two} in 400`);
  const context = JSON.parse((await call('prod', 'context')).data);
  assert.strictEqual(context.qualifier, 'prod');

  await client.updateAlias('app', 'prod', '2', { additionalVersionWeight: {} });
  for (let i = 0; i < 20; i++) assert.strictEqual((await call('prod')).data, 'two');
  await client.updateAlias('app', 'prod', '1');
  for (let i = 0; i < 20; i++) assert.strictEqual((await call('prod')).data, 'one');

  await refused(client.updateAlias('app', 'prod', '1', { additionalVersionWeight: { 2: 1.5 } }), 'InvalidArgument');
  const versions = (await client.listVersions('app')).data;
  assert.deepStrictEqual(versions.versions.map(version => version.versionId), ['2', '1']);
  assert.strictEqual(versions.direction, 'BACKWARD');
  const forward = (await client.listVersions('app', { direction: 'FORWARD', limit: 1 })).data;
  assert.strictEqual(forward.versions[0].versionId, '1');
  assert.ok(forward.nextToken);
  assert.strictEqual((await client.listAliases('app')).data.aliases[0].aliasName, 'prod');
  await refused(call('9'), 'VersionNotFound');
  await refused(call('nothing'), 'AliasNotFound');
  await refused(client.deleteService('app'), 'ServiceNotEmpty');
});

test('lists come in pages, and services by their tags', async () => {
  for (const name of ['pages-a', 'pages-b', 'pages-c']) await client.createService(name);
  const seen = [];
  for (let token; seen.length < 10; ) {
    const { data } = await client.listServices({ limit: 2, prefix: 'pages-', ...(token ? { nextToken: token } : {}) });
    seen.push(...data.services.map(service => service.serviceName));
    token = data.nextToken;
    if (!token) break;
  }
  assert.deepStrictEqual(seen, ['pages-a', 'pages-b', 'pages-c']);
  const from = (await client.listServices({ prefix: 'pages-', startKey: 'pages-b' })).data.services;
  assert.strictEqual(from.length, 2);
  await client.tagResource('services/pages-b', { stage: 'test', team: 'x' });
  const { data } = await client.getResourceTags({ resourceArn: 'services/pages-b' });
  assert.match(data.resourceArn, /^acs:fc:.*:services\/pages-b$/);
  assert.deepStrictEqual(data.tags, { stage: 'test', team: 'x' });
  const tagged = await client.listServices({ tags: { stage: 'test' } });
  assert.deepStrictEqual(tagged.data.services.map(service => service.serviceName), ['pages-b']);
  await client.untagResource('services/pages-b', ['stage']);
  assert.deepStrictEqual((await client.getResourceTags({ resourceArn: data.resourceArn })).data.tags, { team: 'x' });
});

test('triggers', async () => {
  const made = await client.createTrigger('app', 'word', {
    triggerName: 'web', triggerType: 'http', triggerConfig: { authType: 'anonymous', methods: ['GET', 'POST'] },
    invocationRole: '', sourceArn: '', qualifier: '',
  });
  assert.strictEqual(made.data.sourceArn, null);
  assert.deepStrictEqual(made.data.triggerConfig.methods, ['GET', 'POST']);
  const changed = await client.updateTrigger('app', 'word', 'web', { triggerConfig: { authType: 'function', methods: ['PUT'] } });
  assert.strictEqual(changed.data.triggerConfig.authType, 'function');
  assert.strictEqual((await client.listTriggers('app', 'word')).data.triggers.length, 1);
  await refused(client.deleteFunction('app', 'word'), 'FunctionNotEmpty');
  await client.deleteTrigger('app', 'word', 'web');
  await refused(client.getTrigger('app', 'word', 'web'), 'TriggerNotFound');
});

test('layers', async () => {
  const code = { zipFile: zip({ 'python/words.py': 'WORD = "layer"\n' }).toString('base64') };
  const made = await client.publishLayerVersion('words', { code, description: 'd', compatibleRuntime: ['python3'] });
  assert.strictEqual(made.data.layerName, 'words');
  const got = await client.getLayerVersion('words', made.data.version);
  assert.strictEqual(got.data.arn, made.data.arn);
  assert.strictEqual((await fetch(got.data.code.location)).status, 200);
  assert.strictEqual((await client.getLayerVersionByArn(made.data.arn)).data.version, made.data.version);
  assert.ok((await client.listLayers()).data.layers.some(layer => layer.layerName === 'words'));
  assert.ok((await client.listLayerVersions('words')).data.layers.length >= 1);
  await client.deleteLayerVersion('words', made.data.version);
});

test('how many instances', async () => {
  await client.putProvisionConfig('app', 'word', 'prod', { target: 0 });
  const { data } = await client.getProvisionConfig('app', 'word', 'prod');
  assert.match(data.resource, /#app#prod#word$/);
  assert.strictEqual(data.target, 0);
  await client.putOnDemandConfig('app', 'word', 'prod', { maximumInstanceCount: 3 });
  assert.strictEqual((await client.getOnDemandConfig('app', 'word', 'prod')).data.maximumInstanceCount, 3);
  await client.deleteOnDemandConfig('app', 'word', 'prod');
  await refused(client.getOnDemandConfig('app', 'word', 'prod'), 'OnDemandConfigNotFound');
  await client.putFunctionAsyncConfig('app', 'word', 'prod', { maxAsyncRetryAttempts: 1, maxAsyncEventAgeInSeconds: 60 });
  assert.strictEqual((await client.getFunctionAsyncConfig('app', 'word', 'prod')).data.maxAsyncRetryAttempts, 1);
  await client.deleteFunctionAsyncConfig('app', 'word', 'prod');
  const { instances } = (await client.listInstances('app', 'word')).data;
  assert.ok(instances.length >= 1 && instances.every(instance => instance.instanceId));
  assert.ok((await client.getAccountSettings()).data.availableAZs);
});

test('signatures', async () => {
  await refused(connect({ accessKeySecret: 'another-secret-of-letters' }).listServices(), 'SignatureNotMatch');
  await refused(connect({ accessKeyID: 'nobody' }).listServices(), 'InvalidAccessKeyID');
  await refused(client.listServices({}, { date: 'Fri, 27 Nov 2020 03:53:30 GMT' }), 'RequestTimeTooSkewed');
  assert.strictEqual((await fetch(`${ENDPOINT}/2016-08-15/services`)).status, 400);
});

test('an upload to a bucket is refused with what to do instead', async () => {
  await refused(client.getTempBucketToken(), 'InvalidArgument');
  await assert.rejects(client.getTempCodeBucketPermission('app', 'word'), /no object storage/);
});

test('the application is deleted', async () => {
  await client.deleteAlias('app', 'prod');
  await refused(client.getAlias('app', 'prod'), 'AliasNotFound');
  await client.deleteFunction('app', 'word');
  await refused(client.getFunction('app', 'word'), 'FunctionNotFound');
  for (const versionId of ['1', '2']) await client.deleteVersion('app', versionId);
  const gone = await client.deleteService('app');
  assert.strictEqual(gone.headers['x-fc-request-id'].length, 36);
  await refused(client.getService('app'), 'ServiceNotFound');
});
