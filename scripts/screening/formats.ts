import { elementsAt, textsAt, type XmlElement, type XmlRoot } from "./xml-records.ts";

/** What a list publishes about a person, in our words. */
export interface Publication {
  readonly ref: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly birthDates: readonly string[];
  readonly countries: readonly string[];
}

/** A format of lists: where its records lie and how they are read. */
export interface ListFormat {
  readonly title: string;
  /** Name of the first element. */
  readonly root: string;
  /** Name of the records of people. */
  readonly record: string;
  /** Names of other records: organisations, ships. */
  readonly others: readonly string[];
  /** A record that tells the version, if the first element does not. */
  readonly header?: string;
  version(root: XmlRoot, header?: XmlElement): string | undefined;
  /** `null` for a record that is no person. Members that are missing are empty. */
  read(record: XmlElement): Publication | null;
}

const join = (...parts: readonly (readonly string[])[]) => parts.flat().join(" ");

/**
 * The consolidated list of the United Nations Security Council: https://scsanctions.un.org/resources/xml/en/consolidated.xml,
 * described at https://main.un.org/securitycouncil/en/content/un-sc-consolidated-list.
 */
const unitedNations: ListFormat = {
  title: "UN consolidated list",
  root: "CONSOLIDATED_LIST",
  record: "INDIVIDUAL",
  others: ["ENTITY"],
  version: ({ attributes }) => attributes.dateGenerated,
  read: (record) => ({
    ref: [...textsAt(record, "REFERENCE_NUMBER"), ...textsAt(record, "DATAID")].join("/"),
    name: join(
      textsAt(record, "FIRST_NAME"),
      textsAt(record, "SECOND_NAME"),
      textsAt(record, "THIRD_NAME"),
      textsAt(record, "FOURTH_NAME"),
    ),
    aliases: [
      ...textsAt(record, "INDIVIDUAL_ALIAS", "ALIAS_NAME"),
      ...textsAt(record, "NAME_ORIGINAL_SCRIPT"),
    ],
    birthDates: elementsAt(record, "INDIVIDUAL_DATE_OF_BIRTH")
      .map(unitedNationsDate)
      .filter(Boolean),
    countries: [
      ...textsAt(record, "NATIONALITY", "VALUE"),
      ...textsAt(record, "INDIVIDUAL_ADDRESS", "COUNTRY"),
    ],
  }),
};

/** `EXACT` with a date or a year, `APPROXIMATELY` with a year, `BETWEEN` with two years. */
function unitedNationsDate(date: XmlElement): string {
  const [kind = "EXACT"] = textsAt(date, "TYPE_OF_DATE");
  const range = [...textsAt(date, "FROM_YEAR"), ...textsAt(date, "TO_YEAR")];
  if (range.length > 0) return range.join(" to ");
  const [day = textsAt(date, "YEAR")[0] ?? ""] = textsAt(date, "DATE");
  return kind === "APPROXIMATELY" && day !== "" ? `circa ${day}` : day;
}

/**
 * The list of Specially Designated Nationals of the US Treasury's Office of Foreign Assets Control in its XML form
 * (`sdn.xml`; `consolidated.xml` has the same): https://ofac.treasury.gov/sdn-list-data-formats-data-schemas.
 * The misspelt `publshInformation` is theirs.
 */
const treasury: ListFormat = {
  title: "OFAC SDN list",
  root: "sdnList",
  record: "sdnEntry",
  others: [],
  header: "publshInformation",
  version: (_root, header) => header && textsAt(header, "Publish_Date")[0],
  read: (record) =>
    textsAt(record, "sdnType")[0] === "Individual"
      ? {
          ref: join(textsAt(record, "uid")),
          name: join(textsAt(record, "firstName"), textsAt(record, "lastName")),
          aliases: elementsAt(record, "akaList", "aka").map((alias) =>
            join(textsAt(alias, "firstName"), textsAt(alias, "lastName")),
          ),
          birthDates: textsAt(record, "dateOfBirthList", "dateOfBirthItem", "dateOfBirth"),
          countries: [
            ...textsAt(record, "nationalityList", "nationality", "country"),
            ...textsAt(record, "citizenshipList", "citizenship", "country"),
            ...textsAt(record, "addressList", "address", "country"),
          ],
        }
      : null,
};

export const FORMATS: readonly ListFormat[] = [unitedNations, treasury];
