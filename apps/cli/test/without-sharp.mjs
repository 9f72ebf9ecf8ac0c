// Loaded with --import: a machine on which the package sharp is not installed.
import Module, { register } from 'node:module';

const missing = (code) => Object.assign(new Error("Cannot find package 'sharp'"), { code });

const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name === 'sharp') throw missing('MODULE_NOT_FOUND');
  return resolve.call(this, name, ...rest);
};

const hook = `export async function resolve(name, context, next) {
  if (name !== 'sharp') return next(name, context);
  throw Object.assign(new Error("Cannot find package 'sharp'"), { code: 'ERR_MODULE_NOT_FOUND' });
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
