namespace Polymath.Adaptation;

/// <summary>Which rows of the training data are shown with their answers.</summary>
public enum DemonstrationMethod
{
    /// <summary>Rows drawn at random, the same for all prompts.</summary>
    Random,
    /// <summary>For each row those most similar to it by an encoder's features, the nearest last (Liu et al. 2021).</summary>
    Nearest,
    /// <summary>As many rows of each class as possible, drawn at random.</summary>
    Balanced,
    /// <summary>Rows far from each other: greedy k-centre on an encoder's features (Gonzalez 1985).</summary>
    Diverse,
    /// <summary>Rows nearest to the border between classes, of each class in turn: the margin of linear machines on an encoder's features.</summary>
    SupportVectors,
}

/// <summary>How many rows are shown, and how they are chosen.</summary>
public sealed record DemonstrationOptions
{
    /// <summary>How they are chosen.</summary>
    public DemonstrationMethod Method { get; init; } = DemonstrationMethod.Balanced;

    /// <summary>The most that are shown.</summary>
    public int Count { get; init; } = 8;

    /// <summary>The most tokens that they take together, separators included; rows that do not fit are passed over. Null for no bound but the model's.</summary>
    public int? TokenBudget { get; init; }

    /// <summary>Decides what is drawn.</summary>
    public int Seed { get; init; }
}

/// <summary>Names of the ways to choose demonstrations.</summary>
public static class DemonstrationMethods
{
    /// <summary>All names, as the command line and files have them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<DemonstrationMethod>().Select(Name)];

    /// <summary>The name, such as support-vectors.</summary>
    public static string Name(this DemonstrationMethod method) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(method.ToString());

    /// <summary>The way of a name.</summary>
    /// <exception cref="PolymathException">There is none of that name.</exception>
    public static DemonstrationMethod Parse(string name) => Enum.GetValues<DemonstrationMethod>().Cast<DemonstrationMethod?>().FirstOrDefault(method => method!.Value.Name() == name)
        ?? throw new PolymathException($"demonstrations '{OneLine.Short(name)}' are not known; expected {string.Join(", ", Names)}");

    /// <summary>Whether rows are compared by features, so that an encoder is needed to choose.</summary>
    public static bool ReadsFeatures(this DemonstrationMethod method) => method is not (DemonstrationMethod.Random or DemonstrationMethod.Balanced);
}
