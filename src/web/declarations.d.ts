// What the bundler makes of files that are not TypeScript.

declare module "*.module.css" {
  const classes: Record<string, string>;
  export default classes;
}
declare module "*.css";
declare module "*.svg" {
  /** The address of the file. */
  const address: string;
  export default address;
}
