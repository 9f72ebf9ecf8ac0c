import { type ImageFolder, printable } from '@twocan/data/node';

/**
 * What a user should know of pictures without anything on them.
 *
 * @param folder the pictures; of a folder that is not in memory, some have been looked at
 * @returns a line, or nothing
 */
export function oneColourNote({ oneColour, length, inMemory }: ImageFolder): string[] {
  const [first] = oneColour;
  if (first === undefined) return [];
  const of = inMemory ? `${length} images` : 'the images that were looked at';
  return [
    `${oneColour.size} of ${of} are of one single colour, the first: ${printable(first)}; look at the file, and see docs/pictures.md for what is made of each kind`,
  ];
}
