const { levels, only, from, rooms } = require('./test/layers.json');

// One rule per package, from the table that the tests read too: what it may not reach.
const isApp = (name) => ['twocan', 'playground', 'bench'].includes(name);
const libraries = Object.keys(levels).filter((name) => !isApp(name));
const folder = (names) => `^packages/(${names.join('|')})/`;
const forbiddenTo = (user) =>
  libraries.filter(
    (used) =>
      used !== user &&
      (levels[used] >= levels[user] ||
        (only[user] && !only[user].includes(used)) ||
        (from[used] && !from[used].includes(user))),
  );

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...libraries.map((name) => ({
      name: `layer-${name}`,
      comment: `${name} (level ${levels[name]}) may only use lower levels`,
      severity: 'error',
      from: { path: `^packages/${name}/src/` },
      to: { path: folder(forbiddenTo(name)) },
    })),
    {
      name: 'no-testkit-in-apps',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/' },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'no-app-in-libraries',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^apps/' },
    },
    {
      name: 'public-doors',
      comment: 'a package is entered by its index, /node, /web, /settings or /protobuf',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: {
        path: '^packages/',
        pathNot: [
          '^packages/$2/',
          '^packages/[^/]+/src/((node|web|settings|protobuf)/)?index\\.ts$',
        ],
      },
    },
    // The rooms of the program: each may use those of lower floors, and rooms of one floor not each other.
    ...rooms.flatMap((floor, i) =>
      floor.map((room) => ({
        name: `room-${room}`,
        severity: 'error',
        from: { path: `^apps/cli/src/${room}/` },
        to: {
          path: '^apps/cli/src/',
          pathNot: `^apps/cli/src/(${[room, ...rooms.slice(0, i).flat()].join('|')})/`,
        },
      })),
    ),
    {
      name: 'backend-alone-loads-engines',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/(backend|engine)/' },
      to: { path: '@tensorflow/tfjs($|/|-backend|-node)' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'but for an optional peer dependency, which browsers alone import',
      from: { path: '/src/' },
      to: { couldNotResolve: true, pathNot: '^@tensorflow/tfjs-backend-webgpu$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|apps)/[^/]+/dist/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@twocan/source', 'import', 'types', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
