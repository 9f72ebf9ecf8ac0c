// Loaded with --import: a machine on which the addon of the native engine, if there is one, does not load.
const load = process.dlopen;
process.dlopen = (module, file, ...rest) => {
  if (file.includes('twocan-native')) throw new Error('its C library is too old');
  return load.call(process, module, file, ...rest);
};
