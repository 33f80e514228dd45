using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>Template and words bound to one model: rows become requests, likelihoods become scores of labels.</summary>
internal sealed class BoundPrompt
{
    private readonly PromptModel _model;
    private readonly PromptTemplate _template;
    private readonly BoundVerbalizer _words;
    private readonly int _budget;

    /// <exception cref="PolymathException">The template does not suit the model, or words cannot be told apart.</exception>
    public BoundPrompt(PromptModel model, PromptTemplate template, Verbalizer verbalizer)
    {
        (_model, _template) = (model, template.Check("template"));
        Filler = new PromptFiller(model, template);
        _words = new BoundVerbalizer(model, Filler, verbalizer);
        _budget = model.MaxTokens - (model.Kind == LanguageModelKind.EncoderDecoder ? 0 : _words.Longest);
        if (_budget < 1) throw new PolymathException($"an answer has {_words.Longest} tokens, but the model reads {model.MaxTokens} at most; expected shorter words");
    }

    /// <summary>Makes prompts.</summary>
    public PromptFiller Filler { get; }

    /// <summary>The number of labels.</summary>
    public int Labels => _words.Labels;

    /// <summary>The question about a row.</summary>
    public ScoringRequest Ask(Row row, IReadOnlyList<Demonstration> demonstrations, PromptReport? report = null)
    {
        var prompt = Filler.Fill(row, demonstrations, _budget);
        report?.Count(prompt);
        return new ScoringRequest(prompt.Before, _words.Answers, prompt.After);
    }

    /// <summary>The same question with inputs that say nothing in place of the row's fields.</summary>
    public ScoringRequest[] AskWithoutContent(IReadOnlyList<string> inputs, IReadOnlyList<Demonstration> demonstrations)
    {
        var fields = _template.Fields();
        return [.. inputs.Select(input => Ask(new Row(input) { Pair = input, Columns = [.. fields.Select(field => new KeyValuePair<string, string>(field, input))] }, demonstrations))];
    }

    /// <summary>The answers after the template's last words alone.</summary>
    public ScoringRequest AskPremise()
    {
        var context = Filler.Context.TrimStart();
        var before = _model.Encode(context);
        var (first, last) = _model.Frame;
        return _model.Kind switch
        {
            LanguageModelKind.Masked => new([.. first, .. before], _words.Answers, [.. last]),
            LanguageModelKind.EncoderDecoder => new([.. first, .. before, .. last], _words.Answers),
            _ => new(Filler.NotEmpty([.. first, .. before]), _words.Answers),
        };
    }

    /// <summary>The score of each label.</summary>
    public double[] Read(float[][] logProbabilities) => _words.Score(logProbabilities);
}
