// What is used of jstat, which has no types of its own.
declare module 'jstat' {
  interface Continuous {
    inv(p: number, a: number, b: number): number;
  }
  const jStat: {
    readonly normal: Continuous;
    readonly beta: Continuous;
    readonly studentt: { inv(p: number, degrees: number): number };
  };
  export default jStat;
}
