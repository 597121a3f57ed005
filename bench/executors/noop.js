/** The empty job, as Piscina and Tinypool want it: the default export of a module. */
export default () => undefined;
