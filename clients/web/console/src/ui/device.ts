// What browsers call themselves, in two words.

const BROWSERS = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["FxiOS/", "Firefox"], ["Chrome/", "Chrome"], ["CriOS/", "Chrome"], ["Safari/", "Safari"]] as const;
const SYSTEMS = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS X", "Mac"], ["CrOS", "ChromeOS"], ["Linux", "Linux"]] as const;

/** "Chrome, Linux" of a browser's long name; other names, such as those that apps give, stay. */
export function deviceName(device: string): string {
  if (!device.startsWith("Mozilla/")) return device;
  const named = [BROWSERS, SYSTEMS].map((signs) => signs.find(([sign]) => device.includes(sign))?.[1]);
  return named.filter(Boolean).join(", ") || device;
}
