namespace Polymath.Generation;

/// <summary>Texts as a tree of tokens: texts that begin alike share the nodes of their beginning.</summary>
internal sealed class TokenTree
{
    private readonly SortedDictionary<int, TokenTree> _children = [];

    /// <summary>Log-probabilities of this node's token that answers wait for: where each is to be written.</summary>
    private readonly List<(float[] Target, int At)> _wanted = [];

    private bool _firstGiven;

    /// <summary>Whether anybody asks for the likelihood of a token right behind this node.</summary>
    public bool AsksNext => _children.Values.Any(child => child._wanted.Count > 0);

    /// <summary>Builds the tree of prompts with their answers; an answer's token i is written to its target at i.</summary>
    public static TokenTree Build(IEnumerable<(int[] Before, int[] Answer, float[] Target)> texts)
    {
        var root = new TokenTree();
        foreach (var (before, answer, target) in texts)
        {
            var node = root;
            foreach (var token in before) node = node.Child(token);
            for (var t = 0; t < answer.Length; t++)
            {
                node = node.Child(answer[t]);
                node._wanted.Add((target, t));
            }
        }
        return root;
    }

    /// <summary>
    /// The tokens behind this node that all texts share, and the node at their end. A token behind which nothing comes is not among them: its state is never read.
    /// What is asked of the first of them has the place −1, unless <see cref="FirstQuestions"/> has given it away.
    /// </summary>
    public (Flat Tokens, TokenTree End) Chain()
    {
        var ids = new List<int>();
        var questions = new List<Question>();
        var node = this;
        while (node._children.Count == 1)
        {
            var (token, child) = node._children.First();
            if (child._children.Count == 0) break;
            if (child._wanted.Count > 0 && !(ids.Count == 0 && _firstGiven)) questions.Add(new Question(ids.Count - 1, token, child._wanted));
            ids.Add(token);
            node = child;
        }
        return (new Flat([.. ids], [.. Enumerable.Range(-1, ids.Count)], questions), node);
    }

    /// <summary>What is asked of the tokens right behind this node; it counts as answered from then on.</summary>
    public IReadOnlyList<Question> FirstQuestions()
    {
        _firstGiven = true;
        return [.. _children.Where(child => child.Value._wanted.Count > 0).Select(child => new Question(-1, child.Key, child.Value._wanted))];
    }

    /// <summary>All tokens of the tree, parents first.</summary>
    public Flat Flatten() => Flatten(_children);

    /// <summary>
    /// The branches in parts of about a number of tokens. A branch that is larger by itself, and holds more than a chain, comes as a tree with that one branch.
    /// </summary>
    public IEnumerable<(Flat? Flat, TokenTree? TooLarge)> Passes(int tokens)
    {
        var part = new List<KeyValuePair<int, TokenTree>>();
        var size = 0;
        foreach (var branch in _children)
        {
            var more = branch.Value.Size();
            if (more > tokens)
            {
                var alone = new TokenTree();
                alone._children.Add(branch.Key, branch.Value);
                yield return (null, alone);
                continue;
            }
            if (part.Count > 0 && size + more > tokens)
            {
                yield return (Flatten(part), null);
                part.Clear();
                size = 0;
            }
            part.Add(branch);
            size += more;
        }
        if (part.Count > 0) yield return (Flatten(part), null);
    }

    private int Size()
    {
        var size = 0;
        var open = new Stack<TokenTree>([this]);
        while (open.TryPop(out var node))
        {
            size++;
            foreach (var child in node._children.Values) open.Push(child);
        }
        return size;
    }

    private static Flat Flatten(IEnumerable<KeyValuePair<int, TokenTree>> branches)
    {
        var ids = new List<int>();
        var parents = new List<int>();
        var questions = new List<Question>();
        var open = new Stack<(int Token, TokenTree Node, int Parent)>(branches.Reverse().Select(branch => (branch.Key, branch.Value, -1)));
        while (open.TryPop(out var next))
        {
            var place = ids.Count;
            if (next.Node._wanted.Count > 0) questions.Add(new Question(next.Parent, next.Token, next.Node._wanted));
            if (next.Node._children.Count == 0) continue; // nothing follows: its own state is never read
            ids.Add(next.Token);
            parents.Add(next.Parent);
            foreach (var child in next.Node._children.Reverse()) open.Push((child.Key, child.Value, place));
        }
        return new Flat([.. ids], [.. parents], questions);
    }

    private TokenTree Child(int token)
    {
        if (!_children.TryGetValue(token, out var child)) _children.Add(token, child = new TokenTree());
        return child;
    }

    /// <summary>What is the log-probability of a token behind a place, and which answers want to know? −1 is the place before all.</summary>
    internal readonly record struct Question(int Place, int Token, IReadOnlyList<(float[] Target, int At)> Answers);

    /// <summary>A tree as lists: tokens, the place of each one's parent (−1 for none), questions.</summary>
    internal sealed record Flat(int[] Ids, int[] Parents, IReadOnlyList<Question> Questions)
    {
        /// <summary>Several trees side by side.</summary>
        public static Flat Join(IReadOnlyList<Flat> trees)
        {
            var ids = new List<int>();
            var parents = new List<int>();
            var questions = new List<Question>();
            foreach (var tree in trees)
            {
                var first = ids.Count;
                ids.AddRange(tree.Ids);
                parents.AddRange(tree.Parents.Select(parent => parent < 0 ? -1 : parent + first));
                questions.AddRange(tree.Questions.Select(question => question with { Place = question.Place + first }));
            }
            return new Flat([.. ids], [.. parents], questions);
        }
    }
}
