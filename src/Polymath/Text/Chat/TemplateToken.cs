namespace Polymath.Text.Chat;

/// <summary>What a part of a template is.</summary>
internal enum TokenKind
{
    Text,
    OutputBegin,
    OutputEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>A part of a template and the line it starts in.</summary>
internal readonly record struct TemplateToken(TokenKind Kind, string Text, int Line)
{
    internal bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    internal bool IsOperator(string sign) => Kind == TokenKind.Operator && Text == sign;
}
