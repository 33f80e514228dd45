namespace Polymath.Tasks;

/// <summary>
/// Which columns of a table hold the text, the second text and the label: those the caller names, else those with usual names.
/// </summary>
/// <param name="Names">All columns in order.</param>
/// <param name="Text">Index of the text column.</param>
/// <param name="Pair">Index of the second text's column, or -1.</param>
/// <param name="Label">Index of the label column, or -1.</param>
internal sealed record DataColumns(IReadOnlyList<string> Names, int Text, int Pair, int Label)
{
    // A table of sentence pairs is told by both names together: "sentence" alone would hide that "question" belongs to it.
    private static readonly (string First, string Second)[] _pairs =
    [
        ("text_a", "text_b"), ("sentence1", "sentence2"), ("sentence_a", "sentence_b"), ("text1", "text2"), ("question1", "question2"),
        ("premise", "hypothesis"), ("question", "sentence"), ("query", "passage"), ("query", "document"), ("question", "context"),
    ];

    // Tier by tier: a table with "text" and "title" means its "text"; two columns of one tier are for the caller to decide.
    private static readonly string[][] _texts =
    [
        ["text"],
        ["sentence", "utterance", "question", "content", "query", "review", "comment", "message", "document", "body", "passage", "tweet", "input"],
        ["title", "description", "headline", "prompt", "texts", "sentences"],
    ];

    // Rows that are answered with texts: input and answer by the names they have together.
    private static readonly string[][] _inputs = [["input"], ["source", "prompt", "instruction"], ["text", "sentence", "question", "document", "article", "dialogue", "content", "query"]];

    private static readonly string[][] _answers = [["output"], ["target", "completion", "answer", "response"], ["label", "summary", "translation", "title"]];

    private static readonly string[][] _labels = [["label"], ["class", "category", "intent", "target", "labels", "tag", "y"], ["value", "score"]];

    /// <summary>Index of the column of rows that belong together, or -1.</summary>
    public int Group { get; private init; } = -1;

    /// <summary>What the label column's name says it holds; null where it says nothing.</summary>
    public TaskKind? NamedKind => Label < 0 ? null : Names[Label].Trim().Equals("labels", StringComparison.OrdinalIgnoreCase) ? TaskKind.MultiLabel
        : TaskKinds.NamesNumbers(Names[Label]) ? TaskKind.Regression : null;

    /// <summary>Chooses the columns, or says in one line why that cannot be done, with the columns found.</summary>
    public static DataColumns Choose(string file, IReadOnlyList<string> names, DataOptions options)
    {
        var columns = ChooseTexts(file, names, options);
        var group = options.GroupColumn is { } named ? Named(file, names, named, "--group-column") : Find(names, "group");
        return options.GroupColumn is null && (group == columns.Text || group == columns.Pair || group == columns.Label) ? columns
            : Distinct(file, columns with { Group = group });
    }

    private static DataColumns ChooseTexts(string file, IReadOnlyList<string> names, DataOptions options)
    {
        if (options.Kind == TaskKind.Generate) return ChooseAnswered(file, names, options);
        var label = options.LabelColumn is { } labelName ? Named(file, names, labelName, "--label-column") : Usual(file, names, _labels, "label", options.LabelRequired);
        if (options.TextColumn is { } textName)
        {
            var text = Named(file, names, textName, "--text-column");
            var partner = options.PairColumn is { } pairName ? Named(file, names, pairName, "--pair-column") : PartnerOf(names, names[text]);
            return Distinct(file, new DataColumns(names, text, partner, label));
        }
        if (options.PairColumn is null)
            foreach (var (first, second) in _pairs)
                if (Find(names, first) is >= 0 and var a && Find(names, second) is >= 0 and var b && a != label && b != label && Find(names, "text") < 0)
                    return new DataColumns(names, a, b, label);
        var pair = options.PairColumn is { } given ? Named(file, names, given, "--pair-column") : -1;
        var single = Usual(file, names, _texts, "text", required: false, except: pair);
        if (single < 0) single = OnlyOneLeft(names, pair, label);
        if (single < 0) throw new PolymathException($"{file}: which column holds the text cannot be told; {Found(names)}; name it with --text-column");
        return Distinct(file, new DataColumns(names, single, pair, label));
    }

    /// <summary>Input and answer; two texts are never a pair here.</summary>
    private static DataColumns ChooseAnswered(string file, IReadOnlyList<string> names, DataOptions options)
    {
        if (options.PairColumn is not null) throw new PolymathException($"{file}: --pair-column does not apply to rows that are answered with texts; put both texts into one input");
        var answer = options.LabelColumn is { } labelName ? Named(file, names, labelName, "--label-column") : Usual(file, names, _answers, "label", options.LabelRequired);
        var input = options.TextColumn is { } textName ? Named(file, names, textName, "--text-column") : Usual(file, names, _inputs, "text", required: false, except: answer);
        if (input < 0) input = OnlyOneLeft(names, -1, answer);
        if (input < 0) throw new PolymathException($"{file}: which column holds the input cannot be told; {Found(names)}; name it with --text-column, and the answer with --label-column");
        return Distinct(file, new DataColumns(names, input, -1, answer));
    }

    /// <summary>Whether a header line with these names would be understood without being told anything; used to recognise a format.</summary>
    public static bool LooksLikeHeader(IReadOnlyList<string> names, DataOptions options)
    {
        string[] wanted = [.. new[] { options.TextColumn, options.PairColumn, options.LabelColumn, options.GroupColumn }.OfType<string>()];
        if (wanted.Length > 0) return wanted.All(name => Find(names, name) >= 0);
        return (options.Kind == TaskKind.Generate ? _inputs : _texts).SelectMany(tier => tier).Concat(_pairs.Select(pair => pair.First)).Any(name => Find(names, name) >= 0)
            && names.All(name => name.Length is > 0 and <= 64 && name.Trim().Count(c => c == ' ') < 3); // "Question, what is the name of the sea?" is a text
    }

    private static int Named(string file, IReadOnlyList<string> names, string name, string option)
    {
        var index = Find(names, name);
        if (index < 0) throw new PolymathException($"{file}: there is no column '{name}'; {Found(names)}; give one of them to {option}");
        if (names.Where((other, at) => at != index && other == names[index]).Any())
            throw new PolymathException($"{file}: two columns are named '{name}'; {Found(names)}; rename one of them");
        return index;
    }

    private static int Usual(string file, IReadOnlyList<string> names, string[][] tiers, string what, bool required, int except = -1)
    {
        foreach (var tier in tiers)
        {
            int[] hits = [.. Enumerable.Range(0, names.Count).Where(at => at != except && tier.Contains(names[at].Trim(), StringComparer.OrdinalIgnoreCase))];
            if (hits.Length == 1) return hits[0];
            if (hits.Length > 1 && (required || what == "text"))
                throw new PolymathException($"{file}: {string.Join(" and ", hits.Select(at => $"'{names[at]}'"))} could each be the {what} column; name it with --{what}-column");
            if (hits.Length > 1) return -1;
        }
        if (required) throw new PolymathException($"{file}: there is no {what} column; {Found(names)}; name it with --{what}-column");
        return -1;
    }

    /// <summary>A one-column file, or a text beside a label, needs no usual name.</summary>
    private static int OnlyOneLeft(IReadOnlyList<string> names, int pair, int label)
    {
        int[] left = [.. Enumerable.Range(0, names.Count).Where(at => at != pair && at != label)];
        return left.Length == 1 && (names.Count == 1 || label >= 0) ? left[0] : -1;
    }

    private static int PartnerOf(IReadOnlyList<string> names, string first) =>
        _pairs.Where(pair => pair.First.Equals(first, StringComparison.OrdinalIgnoreCase) && pair.First[^1] is 'a' or '1')
            .Select(pair => Find(names, pair.Second)).FirstOrDefault(at => at >= 0, -1);

    private static DataColumns Distinct(string file, DataColumns columns)
    {
        if (columns.Text == columns.Label || columns.Text == columns.Pair || (columns.Pair >= 0 && columns.Pair == columns.Label))
            throw new PolymathException($"{file}: text, pair and label must be different columns; {Found(columns.Names)}");
        if (columns.Group >= 0 && (columns.Group == columns.Text || columns.Group == columns.Pair || columns.Group == columns.Label))
            throw new PolymathException($"{file}: the group must be a column of its own; {Found(columns.Names)}");
        return columns;
    }

    private static int Find(IReadOnlyList<string> names, string name)
    {
        for (var at = 0; at < names.Count; at++) if (names[at] == name) return at;
        for (var at = 0; at < names.Count; at++) if (names[at].Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) return at;
        return -1;
    }

    private static string Found(IReadOnlyList<string> names) =>
        $"columns found: {string.Join(", ", names.Take(20).Select(OneLine.Short))}{(names.Count > 20 ? $" and {names.Count - 20} more" : "")}";
}
