namespace Polymath.Text.PostProcessors;

/// <summary>A place in a template: a text (0 or 1) or, where that is null, special tokens.</summary>
internal readonly record struct TemplatePiece(int? Sequence, int[] Ids, int TypeId);

/// <summary>Lays out one text or a pair with special tokens around and between; BertProcessing and RobertaProcessing are templates too.</summary>
/// <param name="single">The layout of one text.</param>
/// <param name="pair">The layout of a pair.</param>
/// <param name="overflowKeepsTypes">Only the kept piece of a text takes the template's type and its overflow stays 0 (A) or 1 (B): what the reference does by templates, but not by RobertaProcessing.</param>
internal sealed class TemplateProcessing(IReadOnlyList<TemplatePiece> single, IReadOnlyList<TemplatePiece> pair, bool overflowKeepsTypes) : PostProcessor
{
    internal override int AddedTokens(bool isPair) => (isPair ? pair : single).Sum(p => p.Ids.Length);

    internal override List<Encoding[]> Apply(Tokenizer tokenizer, List<Encoding[]> parts, bool addSpecialTokens)
    {
        var result = new List<Encoding[]>();
        foreach (var piece in parts.Count > 1 ? pair : single)
        {
            if (piece.Sequence is { } sequence) result.Add([.. parts[sequence].Select((e, variant) => e.AsSequence(sequence, variant > 0 && overflowKeepsTypes ? sequence : piece.TypeId))]);
            else if (addSpecialTokens) result.Add([Encoding.Special(tokenizer, piece.Ids, piece.TypeId)]);
        }
        return result;
    }
}
